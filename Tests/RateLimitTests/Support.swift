import FilterAPI
import FilterTesting
import RateLimit
import Testing

let plain = "GET /a HTTP/1.1\nHost: example.org\n"

func limiter(_ options: String, loops: Int = 1) throws -> FilterHarness { try FilterHarness(RateLimit.self, options, loops: loops) }

extension FilterHarness {
    /// How many of `count` requests pass at once.
    func passing(_ count: Int, _ head: String = plain, from client: String = "192.0.2.1", on loop: Int = 0) -> Int {
        (0..<count).count { _ in send(head, from: client, on: loop).isForwarded }
    }
}

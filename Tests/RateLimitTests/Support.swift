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

/// Numbers that look random and are the same in every run (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

// unsafe: reads a file of the kernel into a buffer of known length
import FilterAPI
import FilterTesting
import Glibc
import RateLimit

/// What the rate limiter costs a request that passes, and what memory a million keys take.
func measureLimits() throws {
    let head = "GET /images/1 HTTP/1.1\nHost: example.org\nX-Api-Key: 0123456789abcdef0123456789abcdef\nAccept: */*\n"
    let empty = try FilterHarness([]).send(head)
    measure("no filter") { count in (0..<count).count { _ in empty.passAgain() } }
    for (name, options) in [
        ("by client", "rate = 1000000/s\nburst = 1000000000"),
        ("by a field of 32 bytes", "rate = 1000000/s\nburst = 1000000000\nkey = header:X-Api-Key"),
        ("two limits", "limit = 1000000/s burst=1000000000\nlimit = 999999/s burst=1000000000 key=host"),
    ] {
        let harness = try FilterHarness(RateLimit.self, options)
        let exchange = harness.send(head)
        measure("one key, \(name)") { count in
            harness.advance(by: .seconds(60))
            return (0..<count).count { _ in exchange.passAgain() }
        }
    }
    let harness = try FilterHarness(RateLimit.self, "rate = 1/h\nburst = 50000\nmax-keys = 1000000")
    let exchange = harness.send(head)
    let before = residentBytes()
    for number in 0..<1_000_000 { _ = exchange.passAgain(from: client(number)) }
    let grown = residentBytes() - before
    print("a million keys: \(grown / 1024) KiB resident, \(grown / 1_000_000) bytes a key")
    measure("a million keys, all asked for", rounds: 5) { count in
        (0..<count).count { exchange.passAgain(from: client($0 &* 611_953 % 1_000_000)) }
    }
    var fresh = 1_000_000
    measure("a million keys, a new one each time", rounds: 5) { count in
        (0..<count).count { _ in
            fresh += 1
            return exchange.passAgain(from: client(fresh))
        }
    }
    print("after as many evictions: \((residentBytes() - before) / 1024) KiB")
}

private func client(_ number: Int) -> IPAddress? {
    let bytes: [4 of UInt8] = [10 &+ UInt8(truncatingIfNeeded: number >> 24), UInt8(truncatingIfNeeded: number >> 16), UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
    return IPAddress(bytes: bytes.span)
}

private func residentBytes() -> Int {
    let file = unsafe open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    var text = [UInt8](repeating: 0, count: 128)
    let count = unsafe read(file, &text, text.count)
    let words = String(decoding: text.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * 4096
}

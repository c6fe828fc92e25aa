import Buffers
import FuzzChecks
import HTTP1
import HTTPMessage
import Testing

/// A client that drips single bytes costs time in proportion to its bytes, not to their square.
@Suite struct LinearTimeTests {
    /// The shortest of some runs, so that a busy machine does not count.
    private func shortest(_ work: () -> Void) -> Duration {
        let clock = ContinuousClock()
        return (0..<5).map { _ in clock.measure(work) }.min() ?? .zero
    }

    private func drip(_ bytes: [UInt8]) {
        var fields = FieldTable(Slab(byteCount: 512 * 16))
        var head = RequestHead()
        var parser = RequestParser(limits: HeadLimits(headBytes: 1 << 20, targetBytes: 1 << 20, fieldCount: 512))
        let span = bytes.span
        for count in 0..<bytes.count {
            let outcome = parser.parse(span.extracting(first: count), from: 0, into: &head, fields: &fields)
            if outcome != .incomplete { Issue.record("complete or refused after \(count) bytes: \(outcome)"); return }
        }
    }

    /// Eight times the bytes take about eight times the time; with quadratic work they would take 64 times as long.
    private func checkLinear(_ make: (Int) -> String) {
        let small = make(2048).octets
        let large = make(16_384).octets
        let ratio = shortest { drip(large) } / shortest { drip(small) }
        #expect(ratio < 24, "8 times the bytes took \(ratio) times as long")
    }

    @Test func oneLongValue() {
        checkLinear { "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "y", count: $0) }
    }

    @Test func oneLongName() {
        checkLinear { "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "x", count: $0) }
    }

    @Test func oneLongTarget() {
        checkLinear { "GET /" + String(repeating: "a", count: $0) }
    }

    @Test func manyFields() {
        checkLinear { "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "Name-Of-A-Field: a value of some bytes\r\n", count: $0 / 40) }
    }

    /// A fault that waits for the end of its line is not looked for again at every byte.
    @Test func oneLongFaultyLine() {
        checkLinear { "GET / HTTP/1.1\r\nHost: a\r\nX Y: " + String(repeating: "y", count: $0) }
    }
}

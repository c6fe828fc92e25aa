import FuzzChecks
import HTTP1
import HTTPMessage
import Testing

@Suite struct RequestRefusalTests {
    @Test func refusesEveryHeadOfTheTables() {
        for refusal in RequestRefusals.all {
            #expect(parseRequest(refusal.bytes).outcome == .failed(refusal.reason), "\(refusal)")
        }
    }

    @Test func refusesTooManyFields() {
        let limits = HeadLimits(fieldCount: 3)
        let start = "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n"
        #expect(parseRequest((start + "\r\n").octets, limits: limits).outcome == .complete)
        #expect(parseRequest((start + "C: 3\r\n\r\n").octets, limits: limits).outcome == .failed(.requestHeadTooManyFields))
    }

    @Test func refusesMoreFieldsThanTheTableHolds() {
        let lines = (0..<200).map { "X-\($0): y\r\n" }.joined()
        let head = parseRequest("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".octets, limits: HeadLimits(fieldCount: 1000))
        #expect(head.outcome == .failed(.requestHeadTooManyFields))
    }

    /// The limit counts every byte of the head: one that has exactly as many is read, whatever comes behind it.
    @Test func boundsTheHead() {
        let text = "\r\nGET / HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyy\r\n\r\n"
        let count = text.utf8.count
        for extra in ["", "body", String(repeating: "b", count: 100)] {
            #expect(parseRequest((text + extra).octets, limits: HeadLimits(headBytes: count)).outcome == .complete)
            for less in 1...20 {
                let head = parseRequest((text + extra).octets, limits: HeadLimits(headBytes: count - less))
                #expect(head.outcome == .failed(.requestHeadTooLarge))
            }
        }
    }

    @Test func boundsTheTarget() {
        let limits = HeadLimits(headBytes: 200, targetBytes: 20)
        func get(_ target: String) -> ParseOutcome { parseRequest("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n".octets, limits: limits).outcome }
        #expect(get("/" + String(repeating: "a", count: 19)) == .complete)
        #expect(get("/" + String(repeating: "a", count: 20)) == .failed(.requestTargetTooLong))
        #expect(get("http://a/" + String(repeating: "a", count: 12)) == .failed(.requestTargetTooLong))
        // A line that never ends within the head is too long by its target, or by something else.
        #expect(get("/" + String(repeating: "a", count: 300)) == .failed(.requestTargetTooLong))
        #expect(parseRequest(Array(repeating: UInt8(ascii: "a"), count: 300), limits: limits).outcome == .failed(.requestHeadTooLarge))
    }

    /// Names of many lengths, up to more than 16 bits hold: never cut, never hiding what follows (CVE-2021-40346, CVE-2023-25725).
    @Test func readsOrRefusesNamesOfAnyLength() {
        let limits = HeadLimits(headBytes: 200_000, fieldCount: 100)
        for count in [255, 256, 257, 32_767, 32_768, 65_534, 65_535, 65_536, 65_537, 65_550, 65_600, 131_072] {
            for letter in ["a", "_"] {
                let name = String(repeating: letter, count: count)
                let head = parseRequest("GET / HTTP/1.1\r\nHost: a\r\n\(name): v\r\nContent-Length: 3\r\n\r\n".octets, limits: limits)
                if count <= 65_535 {
                    #expect(head.framing == .length(3) && head.fields[1].name.utf8.count == count)
                } else {
                    #expect(head.outcome == .failed(.requestHeadTooLarge))
                }
            }
        }
    }

    @Test func saysNothingOfALineThatIsNotAllThere() {
        for refusal in RequestRefusals.fields {
            let lastLine = refusal.bytes.lastIndex(of: 0x0A) ?? 0
            let firstFault = (0...refusal.bytes.count).first {
                parseRequest(Array(refusal.bytes.prefix($0))).outcome != .incomplete
            }
            // The call that tells it is one that ends in a line feed.
            let end = firstFault ?? 0
            #expect(end > 0 && end <= lastLine + 1 && refusal.bytes[end - 1] == 0x0A)
        }
    }
}

import Buffers
import FuzzChecks
import HTTP1
import Seeded
import Testing

@Suite struct ChunkedDecoderTests {
    static let bodies = [
        "0\r\n", "0\r\n\r\n", "000\r\nX: y\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /",
        "00000000000000a\r\n0123456789\r\n0\r\n\r\n", "A\r\n0123456789\r\n0\r\n", "1;a\r\nx\r\n0;b=c\r\n", "1;a=b;c=\"d;\\\"e\\\\ \t\"\r\nx\r\n0\r\n",
        "1;!#$%&'*+-.^_`|~09=x;y=\"\"\r\nx\r\n0\r\n", "2\r\n\r\n\r\n2\r\n0\r\r\n0\r\n", "3\r\n0\r\n\r\n0\r\n",
    ]

    static let refusals = [
        "\r\n", "x\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n", "\t5\r\n", "5\t\r\n", "+5\r\n", "-5\r\n", "0x5\r\n", "5_0\r\n", "5,5\r\n", "5.\r\n",
        "5\nhello\r\n", "5\rhello", "5\r\nhello\n0\r\n", "5\r\nhello\r0\r\n", "5\r\nhello0\r\n", "5\r\nhelloX\r\n", "5\r\nhello\r\n\r\n0\r\n",
        "5\r\nhello \r\n", "0000000000000005\r\nhello\r\n", "ffffffffffffffff\r\n", "10000000000000000\r\n", "5;\r\nhello\r\n", "5; a\r\nhello\r\n",
        "5 ;a\r\nhello\r\n", "5;a \r\nhello\r\n", "5;a= b\r\nhello\r\n", "5;a =b\r\nhello\r\n", "5;a=\r\nhello\r\n", "5;=b\r\nhello\r\n",
        "5;a;\r\nhello\r\n", "5;a=b c\r\nhello\r\n", "5;a=\"b\r\n\"\r\n", "5;a=\"b\nc\"\r\n", "5;a=\"b\u{0}\"\r\n", "5;a=\"b\\\r\n", "5;a=\"b\"c\r\nhello\r\n",
        "5;a\nhello\r\n", "5;a\rb\r\nhello\r\n", "5;a\u{1}\r\nhello\r\n", "5;\u{e9}=1\r\nhello\r\n", "5#\r\nhello\r\n", "5;a,b\r\nhello\r\n", "g\r\n",
        "5\u{0}\r\nhello\r\n", "\n5\r\nhello\r\n",
    ]

    private static func payload(_ text: String) -> String {
        // By hand, without the decoder's rules: sizes and data taken apart by their line ends.
        var rest = Substring(text)
        var payload = ""
        while let line = rest.firstIndex(of: "\r\n") {
            let size = Int(rest[..<line].prefix { $0 != ";" }, radix: 16) ?? 0
            rest = rest[rest.index(after: line)...]
            if size == 0 { break }
            let bytes = Array(rest.utf8)
            payload += String(decoding: bytes.prefix(size), as: UTF8.self)
            rest = Substring(String(decoding: bytes.dropFirst(size + 2), as: UTF8.self))
        }
        return payload
    }

    @Test func decodesEveryBodyOfTheTable() {
        for text in Self.bodies {
            let body = decodeChunked(text.octets, cuts: .none)
            #expect(body.state == .trailers, "\(text.debugDescription)")
            #expect(String(decoding: body.payload, as: UTF8.self) == Self.payload(text), "\(text.debugDescription)")
        }
    }

    @Test func tellsWhereTheTrailersStart() {
        let body = decodeChunked("5\r\nhello\r\n0;x\r\nX: y\r\n\r\nGET /".octets, cuts: .none)
        #expect(body.consumed == 15)
    }

    @Test func refusesEveryBodyOfTheTable() {
        for text in Self.refusals {
            #expect(decodeChunked(text.octets, cuts: .none).state == .failed, "\(text.debugDescription)")
        }
    }

    @Test func waitsForMore() {
        for text in ["5", "5\r", "5\r\n", "5\r\nhell", "5\r\nhello", "5\r\nhello\r", "5\r\nhello\r\n", "5;a=\"", "", "0", "0\r"] {
            #expect(decodeChunked(text.octets, cuts: .none).state == .more, "\(text.debugDescription)")
        }
    }

    @Test func doesNotMoveWhatLiesInPlace() {
        var decoder = ChunkedDecoder()
        var bytes = "fff\r\n".octets
        var span = bytes.mutableSpan
        #expect(decoder.decode(&span, from: 0, to: 5) == ChunkedStep(payloadEnd: 0, consumed: 5, state: .more))
        var data = [UInt8](repeating: 7, count: 4095)
        var dataSpan = data.mutableSpan
        #expect(decoder.decode(&dataSpan, from: 0, to: 4095) == ChunkedStep(payloadEnd: 4095, consumed: 4095, state: .more))
        #expect(data.allSatisfy { $0 == 7 })
    }

    @Test func staysAtItsEnd() {
        for (text, state) in [("0\r\n", ChunkedStep.State.trailers), ("x", .failed)] {
            var decoder = ChunkedDecoder()
            var bytes = (text + "5\r\nhello").octets
            let count = bytes.count
            var span = bytes.mutableSpan
            let first = decoder.decode(&span, from: 0, to: count)
            #expect(first.state == state)
            let second = decoder.decode(&span, from: first.consumed, to: count)
            #expect(second == ChunkedStep(payloadEnd: first.consumed, consumed: first.consumed, state: state))
        }
    }

    /// An endless extension, in one chunk or spread over many, ends the body (CVE-2023-39326).
    @Test func boundsExtensions() {
        let long = String(repeating: "a", count: ChunkedDecoder.mostExtensionBytes - 1)
        #expect(decodeChunked("1;\(long)\r\nx\r\n0\r\n".octets, cuts: .none).state == .trailers)
        #expect(decodeChunked("1;\(long)b\r\nx\r\n0\r\n".octets, cuts: .none).state == .failed)
        let many = String(repeating: "1;ab\r\nx\r\n", count: ChunkedDecoder.mostExtensionBytes / 3)
        #expect(decodeChunked((many + "0\r\n").octets, cuts: .none).state == .trailers)
        #expect(decodeChunked((many + "1;ab\r\nx\r\n0\r\n").octets, cuts: .none).state == .failed)
    }

    @Test func readsSizesUpToTheBound() {
        var decoder = ChunkedDecoder()
        var bytes = "fffffffffffffff\r\n".octets + [UInt8](repeating: 1, count: 100)
        let count = bytes.count
        var span = bytes.mutableSpan
        #expect(decoder.decode(&span, from: 0, to: count) == ChunkedStep(payloadEnd: 100, consumed: count, state: .more))
    }

    /// Random bodies in random chunks, fed in random pieces, come out as they went in.
    @Test func decodesWhatWasEncoded() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            let payload = (0..<Int.random(in: 0...2000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            var encoded: [UInt8] = []
            var at = 0
            while at < payload.count {
                let size = min(payload.count - at, Int.random(in: 1...300, using: &random))
                encoded += String(size, radix: 16, uppercase: Bool.random(using: &random)).octets
                encoded += (Bool.random(using: &random) ? ";n=v" : "").octets + [0x0D, 0x0A]
                encoded += payload[at..<at + size] + [0x0D, 0x0A]
                at += size
            }
            encoded += "0\r\n\r\n".octets
            var decoder = ChunkedDecoder()
            var decoded: [UInt8] = []
            var fed = 0
            var state = ChunkedStep.State.more
            while state == .more {
                let count = min(encoded.count - fed, Int.random(in: 1...500, using: &random))
                var piece = Array(encoded[fed..<fed + count])
                var span = piece.mutableSpan
                let step = decoder.decode(&span, from: 0, to: count)
                decoded += piece[..<step.payloadEnd]
                fed += step.consumed
                state = step.state
            }
            #expect(state == .trailers && decoded == payload && fed == encoded.count - 2)
        }
    }
}

import Buffers
import Foundation
import HTTPMessage
import Seeded
import Testing

@testable import Telemetry

@Suite struct AccessLogEncoderTests {
    @Test func aPlainExchangeInCombined() {
        #expect(
            ExchangeSample().text(.combined) == """
                192.0.2.1 - - [23/Nov/2026:00:10:09 +0000] "GET /images?x=1 HTTP/1.1" 200 612 "-" "curl/8.0" \
                host="example.org" upstream="web" server="127.0.0.1:9292" reason=- cause=- end=--RK \
                head=12 queue=0 connect=0 first=310 total=402 in=78 out=700 app-out=160 app-in=690 tries=1 before=3 tls=- id="-"
                """)
    }

    @Test func aPlainExchangeInJSON() {
        #expect(
            ExchangeSample().text(.json) == """
                {"time":"2026-11-23T00:10:09.042Z","client":"192.0.2.1","method":"GET","target":"/images?x=1","version":"1.1",\
                "host":"example.org","status":200,"end":"--RK","upstream":"web","server":"127.0.0.1:9292",\
                "head_us":12,"queue_us":0,"connect_us":0,"first_us":310,"total_us":402,\
                "in":78,"out":700,"body_out":612,"app_out":160,"app_in":690,"tries":1,"before":3,"user_agent":"curl/8.0"}
                """)
    }

    @Test func anExchangeWithoutARequestLine() {
        var sample = ExchangeSample()
        for path in [\ExchangeSample.method, \.target, \.host, \.userAgent, \.upstream, \.server] { sample[keyPath: path] = [] }
        sample.record = ExchangeRecord(began: 5)
        sample.record.status = 408
        sample.record.reason = .requestHeadTimeout
        sample.record.end = EndState(party: .clientTimeout, phase: .requestHead, clientConnection: .closed)
        sample.record.marks.ended = 15_000_005
        #expect(
            sample.text(.combined) == """
                192.0.2.1 - - [23/Nov/2026:00:10:09 +0000] "-" 408 0 "-" "-" host="-" upstream="-" server="-" \
                reason=request.head.timeout cause=- end=cR-C head=- queue=- connect=- first=- total=15000000 \
                in=0 out=0 app-out=0 app-in=0 tries=0 before=0 tls=- id="-"
                """)
        #expect(
            sample.text(.json) == """
                {"time":"2026-11-23T00:10:09.042Z","client":"192.0.2.1","status":408,"reason":"request.head.timeout","end":"cR-C",\
                "total_us":15000000,"in":0,"out":0,"body_out":0,"app_out":0,"app_in":0,"tries":0,"before":0}
                """)
    }

    @Test func anHTTP10RequestSaysSo() {
        var sample = ExchangeSample()
        sample.record.version = .http10
        #expect(sample.text(.combined).contains("\"GET /images?x=1 HTTP/1.0\""))
        #expect(sample.text(.json).contains("\"version\":\"1.0\""))
    }

    @Test func aLineCannotBeForged() {
        var sample = ExchangeSample()
        sample.userAgent = ExchangeSample.bytes("x\" 200 0 \"-\" \"\r\n10.0.0.1 - - [x] \"GET /admin HTTP/1.1\" 200 1\\\"")
        let combined = sample.text(.combined)
        #expect(combined.contains(#""x\x22 200 0 \x22-\x22 \x22\x0d\x0a10.0.0.1 - - [x] \x22GET /admin HTTP/1.1\x22 200 1\x5c\x22" host="#))
        #expect(!combined.contains("\n"))
        let json = sample.text(.json)
        #expect(json.contains(#""user_agent":"x\" 200 0 \"-\" \"\u000d\u000a10.0.0.1 - - [x] \"GET /admin HTTP/1.1\" 200 1\\\"""#))
        #expect(!json.contains("\n"))
    }

    @Test func theVersionOfTLSIsInBothFormats() throws {
        var sample = ExchangeSample()
        sample.record.tlsVersion = "1.3"
        let (combined, json) = (try #require(sample.line(.combined)), try #require(sample.line(.json)))
        #expect(String(decoding: combined, as: UTF8.self).contains(" before=3 tls=1.3 id="))
        #expect(String(decoding: json, as: UTF8.self).contains("\"version\":\"1.1\",\"tls\":\"1.3\",\"host\""))
    }

    @Test func utf8StaysInJSONAndIsEscapedInCombined() {
        var sample = ExchangeSample()
        sample.referer = ExchangeSample.bytes("é漢🎉\u{9B}31m")
        #expect(sample.text(.json).contains("\"referer\":\"é漢🎉\\u009b31m\""))
        #expect(sample.text(.combined).contains(#""\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x8e\x89\xc2\x9b31m""#))
    }

    @Test(arguments: [
        [0x80], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x9F, 0x8E],
        [0xFF], [0xE6, 0xBC, 0x22], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC2],
    ] as [[UInt8]])
    func brokenUTF8BecomesReplacementCharacters(_ broken: [UInt8]) throws {
        var sample = ExchangeSample()
        sample.userAgent = [0x61] + broken + [0x7A]
        let line = try #require(sample.line(.json))
        let text = try #require(String(validating: line, as: UTF8.self))
        let members = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
        let agent = try #require(members["user_agent"] as? String)
        #expect(agent.hasPrefix("a\u{FFFD}") && agent.hasSuffix("z"))
        #expect(text.contains("\\ufffd"))
    }

    /// Every byte value, alone and between others, in every text, in both formats.
    @Test func everyByteValueInEveryText() throws {
        let places: [WritableKeyPath<ExchangeSample, [UInt8]>] = [
            \.client, \.method, \.target, \.host, \.referer, \.userAgent, \.upstream, \.server,
        ]
        for value in UInt8.min...UInt8.max {
            var sample = ExchangeSample()
            for place in places { sample[keyPath: place] = [value, 0x41, value, value, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, value] }
            try Self.check(sample)
        }
    }

    @Test func randomTexts() throws {
        var random = SeededGenerator(seed: 20_261_123)
        for _ in 0..<300 {
            var sample = ExchangeSample()
            let places: [WritableKeyPath<ExchangeSample, [UInt8]>] = [\.target, \.host, \.referer, \.userAgent, \.method, \.id]
            for place in places {
                // A few values only, so that quotes, control bytes and parts of UTF-8 sequences meet often.
                let alphabet: [UInt8] = [0x22, 0x5C, 0x0A, 0x00, 0x7F, 0xC2, 0x9B, 0xA0, 0xE2, 0x80, 0xA8, 0xF0, 0x9F, 0x41, 0x20]
                sample[keyPath: place] = (0..<Int(random.next() % 40)).map { _ in
                    random.next() % 4 == 0 ? UInt8(truncatingIfNeeded: random.next()) : alphabet[Int(random.next() % 15)]
                }
            }
            try Self.check(sample)
        }
    }

    /// A line is one line of printable characters, and JSON has the members that it must have.
    private static func check(_ sample: ExchangeSample) throws {
        let combined = try #require(sample.line(.combined))
        #expect(combined.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        // Only the quotes of the format itself: an even number, none behind a backslash.
        #expect(combined.filter { $0 == 0x22 }.count == 14)
        let json = try #require(sample.line(.json))
        let text = try #require(String(validating: json, as: UTF8.self))
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        let members = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        #expect(members["status"] as? Int == 200)
        #expect(members["end"] as? String == "--RK")
        #expect(members.count == (sample.id.isEmpty ? 24 : 25) || sample.method.isEmpty || sample.target.isEmpty || sample.host.isEmpty
            || sample.referer.isEmpty || sample.userAgent.isEmpty)
        // Well-formed UTF-8 comes back as it went in.
        if let target = String(validating: sample.target, as: UTF8.self), !target.isEmpty {
            #expect(members["target"] as? String == target)
        }
    }

    @Test func theLongestLineFits() throws {
        for filler in [0x22, 0x01, 0xFF, 0x41] as [UInt8] {
            for format in [AccessLogEncoder.Format.combined, .json] {
                var sample = ExchangeSample()
                let long = [UInt8](repeating: filler, count: 40_000)
                for place in [\ExchangeSample.client, \.method, \.target, \.host, \.referer, \.userAgent, \.upstream, \.server, \.id] {
                    sample[keyPath: place] = long
                }
                sample.record.clientBytesIn = .max
                sample.record.clientBytesOut = .max
                sample.record.bodyBytesOut = .max
                sample.record.appBytesOut = .max
                sample.record.appBytesIn = .max
                sample.record.tries = .max
                sample.record.exchangesBefore = .max
                sample.record.status = .max
                sample.record.reason = Reason.allCases.max { $0.code.utf8CodeUnitCount < $1.code.utf8CodeUnitCount }
                sample.record.marks = ExchangeMarks(began: 0)
                for mark in [\ExchangeMarks.headRead, \.granted, \.connected, \.firstByte, \.ended] {
                    sample.record.marks[keyPath: mark] = .max
                }
                sample.now = .max
                let line = try #require(sample.line(format, room: AccessLogEncoder.maximumLineBytes))
                #expect(line.count > AccessLogEncoder.maximumLineBytes - 1000)
                if format == .json { _ = try JSONSerialization.jsonObject(with: Data(line)) }
            }
        }
    }

    @Test func aLongTargetIsCutAndSaysSo() throws {
        var sample = ExchangeSample()
        sample.target = [0x2F] + [UInt8](repeating: 0x61, count: 9000)
        let expected = "GET /" + String(repeating: "a", count: 8191) + "... HTTP/1.1"
        #expect(sample.text(.combined).contains(expected))
        sample.target = [0x2F] + [UInt8](repeating: 0x61, count: 8191)
        #expect(sample.text(.combined).contains("a HTTP/1.1"))
    }

    @Test func nothingIsWrittenWithoutRoom() {
        let sample = ExchangeSample()
        #expect(sample.line(.combined, room: 500) == nil)
        #expect(sample.line(.json, room: 500) == nil)
    }

    @Test func theCachedTimeFollowsTheClock() {
        var encoder = AccessLogEncoder(.combined)
        var sample = ExchangeSample()
        for (now, text) in [
            (1_795_392_609_999, "23/Nov/2026:00:10:09"), (1_795_392_610_000, "23/Nov/2026:00:10:10"),
            (1_795_392_609_000, "23/Nov/2026:00:10:09"), (0, "01/Jan/1970:00:00:00"), (-5, "01/Jan/1970:00:00:00"),
        ] as [(Int64, String)] {
            sample.now = now
            let line = sample.line(with: &encoder) ?? []
            #expect(String(decoding: line, as: UTF8.self).contains("[\(text) +0000]"))
        }
    }
}

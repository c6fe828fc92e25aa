import FilterAPI
import FilterTesting
import Testing

@Suite struct BodyStagesTests {
    private func exchange(_ hows: String...) throws -> TestExchange {
        try FilterHarness(hows.map { (Changer.self, "how = \($0)") }).send("POST / HTTP/1.1\nHost: h\nContent-Length: 10\n")
    }
    private let ok = "HTTP/1.1 200 OK\nContent-Length: 10\n"

    @Test func everyCutGivesTheSame() throws {
        let body = Array("0123456789".utf8)
        for hows in [["double"], ["hold"], ["double", "hold"], ["hold", "double", "double"]] {
            let harness = try FilterHarness(hows.map { (Changer.self, "how = \($0)") })
            let times = 1 << hows.count { $0 == "double" }
            let expected = body.flatMap { Array(repeating: $0, count: times) }
            for pieces in body.everyCut {
                let exchange = harness.send("POST / HTTP/1.1\nHost: h\nContent-Length: 10\n")
                #expect(exchange.sendBody(pieces)?.flatMap(\.self) == expected)
                #expect(exchange.respond(ok, pieces).body == expected)
            }
        }
    }

    /// Little room at a time: back-pressure is that a transform is not called.
    @Test func aLargeBodyPassesThroughLittleRoom() throws {
        let body = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let response = try exchange("double", "double", "hold").respond(ok, [.bytes(body)], roomAtOnce: 600)
        #expect(response.isComplete)
        #expect(response.body == body.flatMap { Array(repeating: $0, count: 4) })
    }

    @Test func aFlushBringsOutWhatIsHeld() throws {
        let response = try exchange("hold", "hold").respond(ok, [.text("one"), .flush, .text("two"), .flush, .text("three")])
        #expect(response.outputs.map { String(decoding: $0, as: UTF8.self) } == ["one", "two", "three"])
    }

    @Test func aBodyMayEndEarly() throws {
        let response = try exchange("double", "stop").respond(ok, [.text("abc"), .text("def")])
        #expect(response.isComplete)
        // Responses pass back: the last filter's transform comes first.
        #expect(response.text == "aabbcc")
    }

    @Test func aFailureAndAStandstillBreakTheBodyOff() throws {
        #expect(try exchange("fail").respond(ok, [.text("abc")]).isComplete == false)
        #expect(try exchange("stall").respond(ok, [.text("abc")]).isComplete == false)
        // Wherever it stands: a response's first stage is the last filter's.
        for hows in [["greedy", "double"], ["double", "greedy"], ["double", "greedy", "hold"]] {
            let harness = try FilterHarness(hows.map { (Changer.self, "how = \($0)") })
            #expect(harness.send("POST / HTTP/1.1\nHost: h\nContent-Length: 10\n").respond(ok, [.text("abc"), .flush, .text("def")]).isComplete == false)
        }
        #expect(try exchange("double", "fail").sendBody([.text("abc")]) == nil)
    }

    @Test func anEmptyBodyHasAnEnd() throws {
        #expect(try exchange("hold").respond("HTTP/1.1 200 OK\nContent-Length: 0\n").body == [])
    }

    @Test func bodilessResponsesAreNotTransformed() throws {
        let harness = try FilterHarness(Changer.self, "how = fail")
        let head = harness.send("HEAD / HTTP/1.1\nHost: h\n").respond(ok)
        #expect(head.isComplete)
        // What GET would get has another length.
        #expect(head.lengthChanges)
        #expect(!head.head.contains("Content-Length"))
        for status in [204, 304] {
            let response = harness.send("GET / HTTP/1.1\nHost: h\n").respond("HTTP/1.1 \(status) X\n")
            #expect(response.isComplete)
            #expect(!response.lengthChanges)
        }
        #expect(harness.send("GET / HTTP/1.1\nHost: h\n").sendBody([.text("")])?.first == [])
    }
}

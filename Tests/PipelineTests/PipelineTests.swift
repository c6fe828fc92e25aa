import FilterAPI
import FilterTesting
import Testing

@Suite struct PipelineTests {
    private let get = "GET /a HTTP/1.1\nHost: h\n"

    @Test func requestsPassInOrderAndResponsesInReverse() throws {
        let harness = try FilterHarness([(Tracer.self, "mark = one"), (Tracer.self, "mark = two")])
        let exchange = harness.send(get)
        #expect(exchange.isForwarded)
        #expect(exchange.head == "GET /a HTTP/1.1\nHost: h\nX-Trace: one\nX-Trace: two\n")
        let response = exchange.respond("HTTP/1.1 200 OK\nContent-Length: 2\n", [.text("hi")])
        #expect(response.head == "HTTP/1.1 200 OK\nX-Trace: two\nX-Trace: one\n")
        #expect(response.text == "hi")
    }

    @Test func aReplyPassesOnlyTheFiltersBeforeTheOneThatGaveIt() throws {
        let harness = try FilterHarness([(Tracer.self, "mark = outer"), (Guard.self, ""), (Tracer.self, "mark = inner")])
        let exchange = harness.send("GET /secret HTTP/1.1\nHost: h\n")
        let reply = try #require(exchange.reply)
        #expect(reply.status == 403)
        #expect(reply.reason == "guard.refused")
        #expect(reply.field("X-Trace") == "outer")
        #expect(reply.field("X-Guard") == "1")
        #expect(reply.field("X-Guard-Saw") == nil)
        #expect(
            reply.text == """
                {"type":"about:blank","title":"Forbidden","status":403,"detail":"This path is not for you","reason":"guard.refused","hint":["a\\"b",7]}

                """)
        #expect(harness.send("HEAD /secret HTTP/1.1\nHost: h\n").reply?.body == [])
        #expect(harness.send(get).isForwarded)
    }

    @Test func endsAreToldOnceToWhoeverTheRequestReached() throws {
        let harness = try FilterHarness([(Gauge.self, ""), (Guard.self, ""), (Gauge.self, "")])
        let answered = harness.send("GET /secret HTTP/1.1\nHost: h\n")
        answered.finish()
        // The first gauge counted it out again, the last never saw it.
        let next = harness.send("GET /open HTTP/1.1\nHost: h\n")
        #expect(next.field("X-Open") == "1")
        next.finish(status: 499, isComplete: false)
        #expect(harness.send("GET /open HTTP/1.1\nHost: h\n").field("X-Open") == "1")
    }

    @Test func loopsShareWhatAFilterShares() throws {
        let harness = try FilterHarness(Gauge.self, loops: 2)
        _ = harness.send(get, on: 0)
        #expect(harness.send("GET /open HTTP/1.1\nHost: h\n", on: 1).field("X-Open") == "2")
    }

    @Test func aQuestionIsAnsweredBeforeTheRequestGoesOn() async throws {
        let harness = try FilterHarness([(Asker.self, ""), (Tracer.self, "mark = behind")])
        let exchange = harness.send("GET /four HTTP/1.1\nHost: h\n")
        #expect(exchange.stage == .waiting)
        #expect(exchange.delay == nil)
        #expect(await exchange.answer())
        #expect(exchange.isForwarded)
        #expect(exchange.field("X-Count") == "5")
        #expect(exchange.field("X-Trace") == "behind")
    }

    @Test func aFailedQuestionLeavesTheRequestWaiting() async throws {
        let exchange = try FilterHarness(Asker.self).send("GET /fails HTTP/1.1\nHost: h\n")
        #expect(await exchange.answer() == false)
        #expect(exchange.stage == .waiting)
    }

    @Test func aDelayIsNoQuestion() throws {
        let exchange = try FilterHarness(Asker.self).send("GET /slow HTTP/1.1\nHost: h\n")
        #expect(exchange.delay == 250)
        exchange.delayIsOver()
        #expect(exchange.isForwarded)
        #expect(exchange.field("X-Waited") == "250")
    }

    @Test func wrongOptionsAreShownAsInAFile() throws {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(Guard.self, "path = secret") }
        #expect(error?.description.contains("path = secret\n") == true)
        #expect(error?.description.contains("^^^^^^") == true)
        #expect(throws: HarnessError.self) { try FilterHarness(Tracer.self) }
        #expect(throws: HarnessError.self) { try FilterHarness(Tracer.self, "mark = a\nmarx = b") }
    }

    @Test func filtersThatAskGetTheOperatorsOptions() throws {
        _ = try FilterHarness(Asker.self, "ask-timeout = 20ms\non-failure = open")
        #expect(throws: HarnessError.self) { try FilterHarness(Gauge.self, "ask-timeout = 20ms") }
    }
}

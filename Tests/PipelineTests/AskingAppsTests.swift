import FilterAPI
import FilterTesting
import Testing

/// Requests that filters make of their own: what is in them, and what filters do with the answers.
@Suite struct AskingAppsTests {
    /// Asks as often as the answers say, and adds what it got to the request.
    final class Chain: FilterPlugin {
        static let name = "chain"
        static let asks = true
        static let options = OptionSchema([Option("limit", .byteCount(0...1 << 20), standard: "16B", "Bytes of a body that it takes.")])
        private let limit: Int

        init(_ options: FilterOptions) throws(ConfigurationError) { limit = Int(options.byteCount("limit") ?? 0) }

        func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { LoopChain(loop.app(named: "other"), limit) }
    }

    final class LoopChain: RequestFilter {
        private let app: AppReference?
        private let limit: Int

        init(_ app: AppReference?, _ limit: Int) { (self.app, self.limit) = (app, limit) }

        func processRequest(_ request: inout Request) -> RequestDecision {
            guard let app else { return .forward }
            return .ask(app, SubRequest(target: request.path, bodyLimit: limit), then: decide)
        }

        private func decide(_ request: inout Request, _ answer: borrowing SubResponse) -> RequestDecision {
            let body = answer.body.text(ByteRange(start: 0, count: answer.body.count))
            request.fields.append("X-Got", "\(answer.status) \(answer.bodyState) \(body) \(answer.fields["X-A"] ?? "-")")
            if answer.status == 299, let app, let next = answer.fields["Location"] { return .ask(app, SubRequest(target: next), then: decide) }
            return answer.status == 500 ? .unanswered : .forward
        }
    }

    func harness(_ options: String = "", _ answer: @escaping (TestSubRequest) -> TestAnswer) throws -> FilterHarness {
        let harness = try FilterHarness([(Chain.self, options), (Tracer.self, "mark = t")], apps: ["other"])
        harness.answer(app: "other", answer)
        return harness
    }

    @Test func anAnswerMayLeadToAnotherQuestion() throws {
        let harness = try harness { question in
            switch question.target {
            case "/a": .response("HTTP/1.1 299 On\nLocation: /b\nX-A: 1\nX-A: 2\n")
            default: .response("HTTP/1.1 200 OK\n", "text")
            }
        }
        let exchange = harness.send("GET /a HTTP/1.1\nHost: h\n")
        #expect(exchange.isForwarded)
        #expect(exchange.asked.map(\.target) == ["/a", "/b"])
        #expect(exchange.field("X-Got") == "299 whole  1, 2, 200 whole text -")
        // The filters behind it come after the last answer.
        #expect(exchange.field("X-Trace") == "t")
    }

    @Test(arguments: [
        (TestAnswer.response("HTTP/1.1 200 OK\n", "0123456789abcdef"), "200 whole 0123456789abcdef -"), (.response("HTTP/1.1 200 OK\n", "0123456789abcdefg"), "200 tooLarge  -"),
        (.brokenOff("HTTP/1.1 200 OK\nX-A: 1\n"), "200 brokenOff  1"), (.response("HTTP/1.1 204 No Content\n", "x"), "204 whole  -"),
    ])
    func aBodyIsThereOrItIsSaidWhyNot(_ answer: TestAnswer, _ got: String) throws {
        #expect(try harness { _ in answer }.send("GET /a HTTP/1.1\nHost: h\n").field("X-Got") == got)
    }

    @Test(arguments: [TestAnswer.failure, .response("HTTP/1.1 500 No\n")])
    func withoutAnAnswerOnFailureDecides(_ answer: TestAnswer) throws {
        let closed = try harness { _ in answer }.send("GET /a HTTP/1.1\nHost: h\n")
        #expect(closed.reply?.status == 503)
        #expect(closed.reply?.reason == "filter.ask.failed")
        #expect(closed.reply?.field("Retry-After") == "1")
        let open = try harness("on-failure = open") { _ in answer }.send("GET /a HTTP/1.1\nHost: h\n")
        #expect(open.isForwarded)
        #expect(open.field("X-Trace") == "t")
    }

    @Test func silenceLastsUntilTheTimeIsUp() throws {
        let exchange = try harness { _ in .silence }.send("GET /a HTTP/1.1\nHost: h\n")
        #expect(exchange.stage == .waiting && exchange.delay == nil)
        exchange.askTimesOut()
        #expect(exchange.reply?.reason == "filter.ask.timeout")
    }

    @Test func anExplainedRequestIsNotSentFor() throws {
        var asked = 0
        let exchange = try harness { _ in
            asked += 1
            return .failure
        }.explain("GET /a HTTP/1.1\nHost: h\n")
        #expect(exchange.stage == .waiting)
        #expect(exchange.asked.count == 1)
        #expect(asked == 0)
    }

    // MARK: What is in a request

    @Test(arguments: [
        ("", "/"), ("/", "/"), ("x", "/x"), ("?q", "/?q"), ("/a b\u{7F}#ü", "/a%20b%7F%23%C3%BC"), ("/a%20b?c=\"d\"&e", "/a%20b?c=\"d\"&e"), ("/\r\nHost: evil", "/%0D%0AHost:%20evil"),
    ])
    func theTargetIsAlwaysOne(_ text: String, _ target: String) {
        #expect(sent(SubRequest(target: text)) == "GET \(target) HTTP/1.1\n")
    }

    @Test func fieldsOfTheGatewayAreLeftOutAndValuesCannotBreakIt() {
        var request = SubRequest(.post, target: "/a")
        for name: FieldName in [
            "Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Expect", "TE", "Keep-Alive", "Via", "Forwarded", "X-Forwarded-For",
            "X-Forwarded-Proto", "X-Forwarded-Host", "Proxy-Authorization",
        ] { request.append(name, "1") }
        request.append("X-Value", "a\r\nX-Evil: 1\0")
        request.append("Cookie", "a=1")
        request.appendToValue(Array("; b=\n2".utf8).span)
        #expect(sent(request) == "POST /a HTTP/1.1\nX-Value: a  X-Evil: 1 \nCookie: a=1; b= 2\n")
    }

    @Test func theClientsFieldsAreCopiedAsTheAppWouldGetThem() throws {
        let exchange = try FilterHarness([(Copier.self, "")], apps: ["other"]).send(
            "GET / HTTP/1.1\nHost: h\nX-A: 1\nX-Gone: 1\nConnection: X-Gone\nx-a: 2\nX-Real-IP: 1.1.1.1\nCookie: a\n")
        #expect(exchange.asked.first?.head == "GET / HTTP/1.1\nX-A: 1\nx-a: 2\nX-A: 1\nx-a: 2\nCookie: a\n")
    }

    /// Copies by name, then every line.
    final class Copier: FilterPlugin {
        static let name = "copier"
        static let asks = true

        init(_ options: FilterOptions) throws(ConfigurationError) {}
        func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { LoopCopier(loop.app(named: "other")) }
    }

    final class LoopCopier: RequestFilter {
        private let app: AppReference?

        init(_ app: AppReference?) { self.app = app }

        func processRequest(_ request: inout Request) -> RequestDecision {
            guard let app else { return .forward }
            var question = SubRequest(target: "/")
            for name: FieldName in ["X-A", "X-Gone", "X-Real-IP", "X-Missing"] { question.copy(name, from: request.fields) }
            for index in 0..<request.fields.count { question.copy(lineAt: index, from: request.fields) }
            return .ask(app, question) { _, _ in .forward }
        }
    }

    private func sent(_ request: SubRequest) -> String { TestSubRequest(request).head }
}

import CPlatform
import Configuration
import EventLoops
import FilterAPI
import HTTPMessage
import Proxy
import Routing

/// Explains requests by one config: sets up a loop with its filters that never runs, lets it have the request, and says in words what it
/// did. Nothing is sent, and nothing listens.
struct RequestReporter {
    let plan: Plan
    let text: ConfigurationText
    let reasons: [KnownReason]

    /// - Parameters:
    ///   - listener: the name of the one that the request comes to; nil to go by its URL.
    ///   - address: the client's; nil for one on this machine.
    func report(on request: ExplainedRequest, listener: String?, from address: SocketAddress?) throws(ExplainFault) -> RequestReport {
        let settings = GatewaySettings(plan)
        let choice = try ListenerChoice(for: request, name: listener, among: plan.listeners) { settings.listeners[$0].settings.isHTTPS }
        let (account, answer) = try run(request, settings, settings.listeners[choice.index], from: address ?? standardAddress(choice.index))
        let listener = plan.listeners[choice.index]
        var report = RequestReport(
            method: request.method, url: request.url,
            listener: RequestReport.Listener(
                name: listener.name, cause: choice.cause, addresses: listener.addresses.map(\.description),
                line: text.line("serve", of: .listener, listener.name),
                warning: warning(request, settings.listeners[choice.index].settings)))
        if !account.client.isEmpty {
            report.client = RequestReport.Client(address: account.client, peer: account.peer, peerIsTrusted: account.peerIsTrusted)
        }
        report.steps = steps(request, account)
        report.responders = account.responders.map { name(of: $0) }
        report.responseNotes = account.responseNotes.map { (name(of: $0.place), note($0.note, of: name(of: $0.place))) }
        for case .app(let step) in account.steps where !step.head.isEmpty { report.sent = Self.withoutEmptyLine(step.head) }
        report.timeOuts = timeOuts(account, listener.name, sent: report.sent)
        if !answer.isEmpty { report.answer = self.answer(answer, account.reason) }
        return report
    }

    private func warning(_ request: ExplainedRequest, _ listener: ListenerSettings) -> String? {
        guard request.isHTTPS != listener.isHTTPS else { return nil }
        return listener.isHTTPS ? "it speaks TLS: http:// would not be understood" : "it speaks plain HTTP: https:// would not be understood"
    }

    /// A client of this machine, or of the socket file where the listener has no other address.
    private func standardAddress(_ listener: Int) -> SocketAddress {
        let isUnix = plan.listeners[listener].addresses.allSatisfy { if case .unix = $0 { true } else { false } }
        return isUnix ? Self.unixClient : .ipv4(0x7F00_0001, port: 0)
    }

    /// Whoever connects to a socket file has no address.
    static var unixClient: SocketAddress {
        guard let address = SocketAddress.unix(path: "@") ?? SocketAddress.unix(path: "@client") else { preconditionFailure("a short path fits") }
        return address
    }

    // MARK: Running

    private func run(
        _ request: ExplainedRequest, _ settings: GatewaySettings, _ listener: ListenerSetup, from address: SocketAddress
    ) throws(ExplainFault) -> (ExchangeAccount, answer: [UInt8]) {
        let loop: EventLoop
        do throws(SystemError) {
            loop = try EventLoop(index: 0)
        } catch {
            throw .failed("\(error)")
        }
        var proxySettings = ProxySettings(apps: settings.apps)
        proxySettings.filters = FilterSet(settings.filters, loopCount: settings.loops > 0 ? settings.loops : Int(sluice_cpu_count()))
        proxySettings.pipelines = settings.pipelines
        let proxy: ProxyLoop
        do throws(FilterFault) {
            proxy = try ProxyLoop(on: loop, settings: proxySettings)
        } catch {
            throw .failed("\(error)")
        }
        guard let pair = SocketPair(), pair.write(request.head) else { throw .failed("no pair of sockets can be had") }
        // Whatever clients speak, the request is the same; here it is written as HTTP/1.1.
        var listenerSettings = listener.settings
        listenerSettings.protocols = [.http1]
        let account = proxy.explain(on: pair.far, from: address, settings: listenerSettings, routes: listener.routes)
        let answer = pair.read()
        proxy.closeAll()
        return (account, answer)
    }

    // MARK: Steps

    private func steps(_ request: ExplainedRequest, _ account: ExchangeAccount) -> [RequestReport.Step] {
        var steps: [RequestReport.Step] = []
        // The section that the last filter stood in: one that leads to another pipeline is followed by it.
        var pipeline = ""
        for step in account.steps {
            switch step {
            case .search(let trail, let port): steps += trail.stops.map { .router(router($0, request, port)) }
            case .pipeline(let index):
                pipeline = plan.pipelines[index].name
                steps.append(self.pipeline(pipeline))
            case .filter(let step):
                let filter = filter(step, account)
                if filter.pipeline != pipeline { steps.append(self.pipeline(filter.pipeline)) }
                pipeline = filter.pipeline
                steps.append(.filter(filter))
            case .app(let step): steps.append(.app(app(step.app)))
            }
        }
        return steps
    }

    private func router(_ stop: RouteTrail.Stop, _ request: ExplainedRequest, _ port: UInt16) -> RequestReport.Router {
        let router = plan.routers[stop.router]
        let verdicts = RouteVerdict.all(
            of: router.routes, taken: stop.route, authority: request.hostField, defaultPort: port, path: stop.path,
            PathPolicy(allowsEscapedSeparators: true))
        let routes = zip(router.routes, verdicts).map { route, verdict in
            RequestReport.Route(
                key: (route.host?.description ?? "") + route.path, destination: plan.name(of: route.destination) + Self.rewrite(of: route),
                verdict: verdict, line: text.line(at: route.location))
        }
        return RequestReport.Router(
            name: router.name, path: String(decoding: stop.path, as: UTF8.self), routes: routes, line: text.header(.router, router.name))
    }

    private static func rewrite(of route: RoutePlan) -> String {
        switch route.rewrite {
        case .none: ""
        case .stripPrefix: " strip-prefix"
        case .replacePrefix(let path): " replace-prefix=\(path)"
        }
    }

    private func pipeline(_ name: String) -> RequestReport.Step {
        .pipeline(name: name, line: text.line("pipeline", of: .pipeline, name))
    }

    /// The filter at a place: pipelines that lead to others hold the others' filters behind their own.
    private func filter(at place: ExchangeAccount.Place) -> (filter: FilterPlan, pipeline: String) {
        var pipeline = plan.pipelines[place.pipeline]
        var position = place.position
        while position >= pipeline.filters.count, case .pipeline(let next) = pipeline.destination {
            position -= pipeline.filters.count
            pipeline = plan.pipelines[next]
        }
        return (plan.filters[pipeline.filters[position]], pipeline.name)
    }

    private func name(of place: ExchangeAccount.Place) -> String { filter(at: place).filter.name }

    private func filter(_ step: ExchangeAccount.FilterStep, _ account: ExchangeAccount) -> RequestReport.Filter {
        let (filter, pipeline) = filter(at: step.place)
        let decision: RequestReport.Decision =
            switch step.verdict {
            case .forward: .forward
            case .reply(let status): .reply(status: Int(status), reason: account.reason.map { "\($0)" } ?? "")
            case .delay(let milliseconds): .delay(milliseconds: milliseconds)
            case .ask:
                .ask(
                    timeout: text.value("ask-timeout", of: .filter, filter.name) ?? "",
                    onFailure: text.value("on-failure", of: .filter, filter.name) ?? "")
            }
        return RequestReport.Filter(
            name: filter.name, use: filter.use, pipeline: pipeline, decision: decision,
            notes: step.notes.map { note($0, of: filter.name) }, changes: step.changes.map { text(of: $0) }, line: text.header(.filter, filter.name))
    }

    private func note(_ note: Explanation.Note, of filter: String) -> RequestReport.Note {
        guard let option = note.option else { return RequestReport.Note(text: note.text) }
        let line = text.line(option, value: note.value, of: .filter, filter)
        let standard = line == nil ? text.value(option, of: .filter, filter).map { "\(option) = \($0)" } : nil
        return RequestReport.Note(text: note.text, line: line, standard: standard)
    }

    private func text(of change: RequestChange) -> String {
        switch change {
        case .path(let from, let to): "path \(from) becomes \(to)"
        case .query(let from, let to): "query \(from.map { "?\($0)" } ?? "(none)") becomes \(to.map { "?\($0)" } ?? "(none)")"
        case .authority(let from, let to): "host \(from) becomes \(to)"
        case .removed(let name, let value): "- \(name): \(value)"
        case .added(let name, let value): "+ \(name): \(value)"
        case .app(let index): "goes to the app \(plan.apps[index].name)"
        case .id(let id): "the exchange has the id \(id)"
        case .bodyLimit(let bytes): "its body may have \(bytes) bytes"
        case .transform: "its body is transformed"
        }
    }

    private func app(_ index: Int) -> RequestReport.App {
        let app = plan.apps[index]
        switch app.kind {
        case .echo: return RequestReport.App(name: app.name, servers: [], spoken: .http1, line: text.line("use", of: .app, app.name))
        case .upstream(let upstream):
            return RequestReport.App(
                name: app.name, servers: upstream.servers.map(\.description), spoken: upstream.spoken,
                line: text.line("servers", of: .app, app.name))
        }
    }

    // MARK: Time-outs

    /// What is waited for, and how long: of the listener, of filters that ask, and of the app.
    private func timeOuts(_ account: ExchangeAccount, _ listener: String, sent: String?) -> [RequestReport.TimeOut] {
        guard let sent else { return [] }
        let lines = sent.lowercased().split(separator: "\r\n")
        func sends(_ name: String) -> Bool { lines.contains { $0.hasPrefix("\(name):") } }
        let hasBody = sends("content-length") || sends("transfer-encoding")
        var timeOuts = entries(.listener, listener, of: .listener) { option in
            // That between two requests is no matter of this one, nor is an unused connection's below.
            option != "keep-alive-timeout" && (option != "body-timeout" || hasBody)
        }
        for case .filter(let step) in account.steps {
            if case .ask = step.verdict { timeOuts += entries(.filter, name(of: step.place), of: nil) { _ in true } }
        }
        for case .app(let step) in account.steps {
            timeOuts += entries(.app, plan.apps[step.app].name, of: .app) { option in
                option != "idle-timeout" && (option != "tunnel-timeout" || sends("upgrade"))
            }
        }
        return timeOuts
    }

    private func entries(
        _ kind: SectionKind, _ name: String, of schema: OptionSchema?, where isMeant: (String) -> Bool
    ) -> [RequestReport.TimeOut] {
        let options = schema?.options.map(\.name).filter { $0.hasSuffix("-timeout") } ?? ["ask-timeout"]
        return options.filter(isMeant).compactMap { option in
            text.value(option, of: kind, name).map {
                RequestReport.TimeOut(
                    section: "[\(kind.rawValue):\(name)]", option: option, value: $0, line: text.line(option, of: kind, name))
            }
        }
    }

    // MARK: Heads

    private func answer(_ bytes: [UInt8], _ reason: StaticString?) -> RequestReport.Answer {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let title = reason.flatMap { sentence(of: "\($0)") }
        return RequestReport.Answer(
            status: parts[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, reason: reason.map { "\($0)" },
            title: title, head: parts[0], body: parts.count > 1 ? parts[1] : "")
    }

    /// The sentence of a reason: of the gateway, of a filter that is built in, or of a plug-in.
    private func sentence(of code: String) -> String? {
        if let known = reasons.first(where: { $0.code == code }) { return known.title }
        for filter in plan.filters {
            guard let plugin = filter.made as? any FilterPlugin else { continue }
            for reason in type(of: plugin).reasons where "\(reason.code)" == code { return "\(reason.title)" }
        }
        return nil
    }

    private static func withoutEmptyLine(_ head: [UInt8]) -> String {
        var text = String(decoding: head, as: UTF8.self)
        while text.hasSuffix("\r\n") { text.removeLast() }
        return text
    }
}

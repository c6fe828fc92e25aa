import Configuration

/// A report for people: what it is about on the left, what there is to say beside it.
struct ReportText {
    private let isColored: Bool
    private var text = ""
    private static let margin = 11
    /// Routes of one router that were not taken and are shown.
    private static let mostRoutes = 20
    /// Lines of an answer's body that are shown.
    private static let mostBodyLines = 20

    private enum Style: String {
        case label = "1"
        case quiet = "2"
        case good = "32"
        case bad = "31"
        case other = "33"
    }

    static func write(_ report: RequestReport, isColored: Bool) -> String {
        var writer = ReportText(isColored: isColored)
        writer.write(report)
        return writer.text
    }

    private init(isColored: Bool) { self.isColored = isColored }

    private mutating func write(_ report: RequestReport) {
        row("request", Self.printable("\(report.method) \(report.url)"))
        write(report.listener)
        if let client = report.client { write(client) }
        for step in report.steps { write(step) }
        write(report.timeOuts)
        if let sent = report.sent {
            text += "\n"
            rows("sent", sent)
        }
        if !report.responders.isEmpty {
            row("way back", report.responders.joined(separator: ", "), gap: true)
            for (filter, note) in report.responseNotes { write(note, before: "\(filter): ") }
        }
        if let answer = report.answer { write(answer) }
        if report.answer == nil, report.isAssumed {
            row("note", "somebody would be asked first; what stands behind that is what happens if the answer lets the request pass", gap: true)
        }
    }

    private mutating func write(_ listener: RequestReport.Listener) {
        row("listener", "\(listener.name) on \(listener.addresses.joined(separator: " ")) (\(listener.cause))")
        if let warning = listener.warning { row("", styled(warning, .other)) }
        write(listener.line)
    }

    private mutating func write(_ client: RequestReport.Client) {
        let origin =
            client.peerIsTrusted ? client.peer == client.address ? ", a trusted proxy that names nobody" : ", named by the trusted proxy \(client.peer)" : ""
        row("client", Self.printable(client.address + origin))
    }

    private mutating func write(_ step: RequestReport.Step) {
        switch step {
        case .router(let router): write(router)
        case .pipeline(let name, let line):
            row("pipeline", name, gap: true)
            write(line)
        case .filter(let filter): write(filter)
        case .app(let app):
            row("app", app.name + (app.servers.isEmpty ? ", built in" : ": " + app.servers.joined(separator: " ")) + Self.how(app.spoken), gap: true)
            write(app.line)
        }
    }

    private static func how(_ spoken: AppProtocol) -> String {
        switch spoken {
        case .http1: ""
        case .http2: ", by HTTP/2"
        case .negotiated: ", by HTTP/2 or HTTP/1.1, as it says"
        }
    }

    private mutating func write(_ router: RequestReport.Router) {
        row("router", Self.printable("\(router.name), path \(router.path)"), gap: true)
        // The one that was taken, those that fit as well, those of the host, the rest.
        let order: [RouteVerdict] = [.taken, .lessSpecific, .otherPath, .otherHost]
        let routes = order.flatMap { verdict in router.routes.filter { $0.verdict == verdict } }
        let shown = routes.prefix(Self.mostRoutes)
        let keys = shown.map(\.key.count).max() ?? 0
        let destinations = shown.map(\.destination.count).max() ?? 0
        for route in shown {
            let mark = route.verdict == .taken ? styled("*", .good) : " "
            let columns = "\(mark) \(Self.padded(route.key, keys)) = \(Self.padded(route.destination, destinations))"
            let place = route.line.map { styled("\($0.file):\($0.number)", .quiet) } ?? ""
            row("", "\(columns)  \(Self.padded(route.verdict.rawValue, RouteVerdict.lessSpecific.rawValue.count))  \(place)")
        }
        if routes.count > shown.count { row("", "  … and \(routes.count - shown.count) more") }
        if router.taken == nil { row("", styled("no route fits", .bad)) }
    }

    private mutating func write(_ filter: RequestReport.Filter) {
        let decision =
            switch filter.decision {
            case .forward: styled("forwards", .good)
            case .reply(let status, let reason): styled("answers \(status) \(reason)", .bad)
            case .delay(let milliseconds): styled("waits \(milliseconds) ms, then decides", .other)
            case .ask(let timeout, let onFailure):
                styled("asks, for at most \(timeout)", .other) + (onFailure == "open" ? "; without an answer it forwards" : "; without an answer it answers 503")
            }
        row("filter", "\(filter.name)\(filter.use == filter.name ? "" : " (\(filter.use))") \(decision)", gap: true)
        for note in filter.notes { write(note) }
        for change in filter.changes { row("", Self.printable("  \(change)")) }
        if !filter.notes.contains(where: { $0.line != nil || $0.standard != nil }) { write(filter.line) }
    }

    private mutating func write(_ note: RequestReport.Note, before prefix: String = "") {
        row("", Self.printable(prefix + note.text))
        write(note.line)
        if let standard = note.standard { row("", styled("by default: \(standard)", .quiet)) }
    }

    private mutating func write(_ line: RequestReport.Line?) {
        if let line { row("", styled("\(line)", .quiet)) }
    }

    private mutating func write(_ timeOuts: [RequestReport.TimeOut]) {
        guard !timeOuts.isEmpty else { return }
        text += "\n"
        let names = timeOuts.map { $0.section.count + 1 + $0.option.count }.max() ?? 0
        let values = timeOuts.map(\.value.count).max() ?? 0
        for (index, timeOut) in timeOuts.enumerated() {
            let name = Self.padded("\(timeOut.section) \(timeOut.option)", names)
            let place = timeOut.line.map { styled("\($0.file):\($0.number)", .quiet) } ?? ""
            row(index == 0 ? "time-outs" : "", "\(name)  \(Self.padded(timeOut.value, values))  \(place)")
        }
    }

    private mutating func write(_ answer: RequestReport.Answer) {
        row("answer", styled("\(answer.status) \(answer.reason ?? "")", .bad), gap: true)
        if let title = answer.title { row("", "\(title).") }
        text += "\n"
        rows("", answer.head)
        guard !answer.body.isEmpty else { return }
        text += "\n"
        let lines = answer.body.split(separator: "\n", omittingEmptySubsequences: false)
        rows("", lines.prefix(Self.mostBodyLines).joined(separator: "\n"))
        if lines.count > Self.mostBodyLines { row("", "…") }
    }

    // MARK: Rows

    /// Text of several lines, as it came from a message.
    private mutating func rows(_ label: String, _ block: String) {
        var lines = block.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        if lines.last == "" { lines.removeLast() }
        for (index, line) in lines.enumerated() { row(index == 0 ? label : "", Self.printable(line)) }
    }

    private mutating func row(_ label: String, _ content: String, gap: Bool = false) {
        if gap { text += "\n" }
        let padding = String(repeating: " ", count: Self.margin - label.count)
        var line = (label.isEmpty ? "" : styled(label, .label)) + padding + content
        while line.last == " " { line.removeLast() }
        text += line + "\n"
    }

    private func styled(_ text: String, _ style: Style) -> String {
        isColored ? "\u{1B}[\(style.rawValue)m\(Self.printable(text))\u{1B}[0m" : Self.printable(text)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// What a filter, a file or a message says must not steer a terminal.
    private static func printable(_ text: some StringProtocol) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x00..<0x20: shown.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
            case 0x7F: shown += "\u{2421}"
            case 0x80..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069: shown += "\u{FFFD}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}

import HTTPMessage
import Telemetry

/// What a gateway has counted since it started, as SIGUSR2 prints it.
struct TallyText {
    var tally: Tally
    var loops: Int
    /// Loops whose figures are in it.
    var answered: Int
    /// The names of the filters, by their numbers.
    var filters: [String]
    /// One exchange of so many is timed; 0 for none.
    var interval: Int
    /// What filters say of how they stand.
    var status: TallyCollection.FilterStatus = []

    var lines: String {
        let counters = tally.counters
        let classes = counters.statusClasses
        var text = "sluice: counters of \(answered == loops ? "" : "\(answered) of ")\(loops) \(loops == 1 ? "loop" : "loops") since the start\n"
        func row(_ name: String, _ figures: [(String, UInt64)]) {
            text += "  " + Self.padded(name, 16) + figures.map { "\($0.0) \($0.1)" }.joined(separator: ", ") + "\n"
        }
        row(
            "clients",
            [
                ("accepted", counters.connectionsAccepted), ("open", counters.connectionsAccepted - counters.connectionsClosed),
                ("refused", counters.connectionsRefused), ("accept failed", counters.acceptFailures),
            ])
        if counters.prologues + counters.prologuesRefused > 0 {
            row("prologues", [("read", counters.prologues), ("refused", counters.prologuesRefused)])
        }
        if counters.handshakes + counters.handshakesFailed > 0 {
            row(
                "tls",
                [
                    ("handshakes", counters.handshakes), ("resumed", counters.handshakesResumed), ("failed", counters.handshakesFailed),
                ])
        }
        row(
            "exchanges",
            [
                ("all", counters.exchanges), ("1xx", classes.informational), ("2xx", classes.successful), ("3xx", classes.redirection),
                ("4xx", classes.clientError), ("5xx", classes.serverError), ("none", classes.none),
            ])
        row(
            "apps",
            [
                ("opened", counters.appConnectionsOpened), ("failed", counters.appConnectionsFailed),
                ("reused", counters.appConnectionsReused), ("retries", counters.retries),
            ])
        row(
            "bytes",
            [
                ("from clients", counters.clientBytesIn), ("to clients", counters.clientBytesOut), ("to apps", counters.appBytesOut),
                ("from apps", counters.appBytesIn),
            ])
        let reasons = Reason.allCases.filter { counters.count(of: $0) > 0 }
        for reason in reasons { text += "  reason          \(reason.code) \(counters.count(of: reason))\n" }
        return text + filterLines + statusLines
    }

    private var statusLines: String {
        status.map { name, lines in "  [filter:\(name)]\n" + lines.map { "    \($0)\n" }.joined() }.joined()
    }

    private var filterLines: String {
        guard !filters.isEmpty else { return "" }
        guard interval > 0, tally.filters.count == filters.count else { return "  filters         are not counted: filter-timing = off\n" }
        let heads = ["filter", "forwards", "replies", "waits", "failures", "request ns", "response ns", "end ns"]
        var rows = zip(filters, tally.filters).map { name, filter in
            [
                name, "\(filter.forwards)", "\(filter.replies)", "\(filter.waits)", "\(filter.failures)", Self.times(filter.requestTimes),
                Self.times(filter.responseTimes), Self.times(filter.endTimes),
            ]
        }
        rows.insert(heads, at: 0)
        let widths = heads.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let table = rows.map { row in
            var line = " "
            for (cell, width) in zip(row, widths) { line += " " + Self.padded(cell, width + 1) }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
        return table + "  times are median/99 %/longest (count) of one exchange in \(interval)\n"
    }

    private static func times(_ times: TimeHistogram) -> String {
        guard let median = times.quantile(0.5), let high = times.quantile(0.99) else { return "-" }
        return "\(median)/\(high)/\(times.longest) (\(times.count))"
    }

    private static func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
}

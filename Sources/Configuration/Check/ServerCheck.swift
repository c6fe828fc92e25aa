/// Checks how the servers of an app are reached: by TLS or without, by HTTP/2 or HTTP/1.1.
struct ServerCheck {
    private let app: CheckedSection

    init(_ app: CheckedSection) { self.app = app }

    func run(_ report: inout Report) {
        let servers = zip(app.values["servers"], app.words["servers"] ?? []).compactMap { value, word -> (isSecure: Bool, isHTTP2: Bool, word: Word)? in
            if case .serverAddress(let server) = value { (server.isSecure, server.isHTTP2, word) } else { nil }
        }
        guard let first = servers.first else { return }
        if let other = servers.first(where: { $0.isSecure != first.isSecure || $0.isHTTP2 != first.isHTTP2 }) {
            report.error(
                .valueServer, at: other.word.range, "\(quoted(app.section.name)) has servers with different schemes",
                help: "all servers of an app are reached in one way: make two apps of them", notes: [("the first server", first.word.range)])
            return
        }
        let spoken = app.values.word("protocol") ?? ""
        if spoken == "auto" && !first.isSecure && !first.isHTTP2 {
            report.error(
                .valueServer, at: app.range(of: "protocol"), "`auto` is what servers say by TLS, and these are reached without it",
                help: "write `https://` before the servers, or say what they speak: `http/1.1` or `h2`", notes: [("the first server", first.word.range)])
        }
        if first.isHTTP2, let key = app.keys["protocol"], spoken != "h2" {
            report.warning(
                .optionWithoutEffect, at: key, "`protocol = \(spoken)` has no effect on `h2://` servers, which speak HTTP/2",
                help: "write `http://` before the servers, or take the line out", notes: [("the first server", first.word.range)])
        }
        guard first.isSecure else {
            for option in OptionSchema.app.options where option.name.hasPrefix("tls-") {
                guard let key = app.keys[option.name] else { continue }
                report.warning(
                    .optionWithoutEffect, at: key, "\(quoted(option.name)) has no effect on servers without TLS",
                    help: "write `https://` before the servers, or take the line out")
            }
            return
        }
        checkFiles(&report)
    }

    /// What `https://` servers have beside them.
    private func checkFiles(_ report: inout Report) {
        for (option, other) in [("tls-certificate", "tls-private-key"), ("tls-private-key", "tls-certificate")] {
            guard let key = app.keys[option], app.keys[other] == nil else { continue }
            report.error(.optionMissing, at: key, "\(quoted(option)) needs \(quoted(other)) beside it", help: "add a line `\(other) = …`")
        }
        if let name = app.values.word("tls-name"), let port = Authority(name)?.port {
            report.error(
                .valueHost, at: app.range(of: "tls-name"), "\(quoted(name)) has a port, and no certificate has one",
                help: "write `\(name.dropLast(port.utf8.count + 1))`")
        }
        if let key = app.keys["tls-verify"], app.values.boolean("tls-verify") == false {
            report.warning(
                .dangerUnverified, at: key, "the certificate of this app is not checked: anybody on the way can pretend to be it",
                help: "give the authority that signed it: `tls-authorities = FILE`")
        }
    }
}

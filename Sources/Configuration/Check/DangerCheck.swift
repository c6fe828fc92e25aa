/// Looks for settings that contradict each other, that do nothing, or that are likely to be regretted.
struct DangerCheck {
    let gateway: CheckedSection
    let listeners: [CheckedSection]
    let apps: [CheckedSection]

    func run(_ report: inout Report) {
        checkGateway(&report)
        for listener in listeners {
            checkTrust(listener, &report)
            checkLimits(listener, &report)
            checkTimeouts(listener, &report)
        }
        for app in apps where app.keys["servers"] != nil { checkApp(app, &report) }
    }

    private func checkGateway(_ report: inout Report) {
        checkTrust(gateway, &report)
        let format = gateway.keys["access-log-format"]
        let target = gateway.values.word("access-log")
        if target == nil, let format, gateway.keys["access-log"] == nil || gateway.values.isKeyword("access-log", "off") {
            report.warning(
                .optionWithoutEffect, at: format, "`access-log-format` has no effect: no access log is written",
                help: "add `access-log = stdout`, or the path of a file")
        }
        guard let target, target != "stdout", target != "stderr" else { return }
        let range = gateway.range(of: "access-log")
        if let device = ["/dev/stdout": "stdout", "/dev/stderr": "stderr", "/dev/null": "off"][target] {
            report.warning(
                .dangerAccessLog, at: range, "\(quoted(target)) is opened as a file of its own", help: "write `\(device)`")
        } else if target.utf8.first != UInt8(ascii: "/") {
            report.warning(
                .dangerAccessLog, at: range, "\(quoted(target)) depends on the directory that the gateway is started in",
                help: "write the path from `/` on")
        }
    }

    private func checkTrust(_ section: CheckedSection, _ report: inout Report) {
        for (value, word) in zip(section.values["trusted-proxies"], section.words["trusted-proxies"] ?? []) {
            // Two halves of the address space are a way around a check for the whole.
            guard case .network(let network) = value, network.prefixLength <= 1 else { continue }
            report.warning(
                .dangerTrust, at: word.range,
                "\(quoted(word.text)) trusts everybody: any client can choose the address that it seems to come from",
                help: "name the networks of the proxies that stand in front of this gateway")
        }
    }

    private func checkLimits(_ listener: CheckedSection, _ report: inout Report) {
        if let head = listener.values.byteCount("max-head"), let target = listener.values.byteCount("max-target"), target > head {
            let name = listener.keys["max-target"] != nil ? "max-target" : "max-head"
            report.error(
                .limitOrder, at: listener.range(of: name),
                "`max-target` (\(ByteCountText.write(target))) is above `max-head` (\(ByteCountText.write(head)))",
                help: "the target is a part of the head: lower `max-target` or raise `max-head`")
        }
        if let key = listener.keys["socket-mode"], !listener.addresses.isEmpty,
            !listener.addresses.contains(where: { if case .unix = $0 { true } else { false } })
        {
            report.warning(
                .optionWithoutEffect, at: key, "`socket-mode` has no effect: \(listener.section.title) listens on no `unix:` address")
        }
    }

    private func checkTimeouts(_ listener: CheckedSection, _ report: inout Report) {
        let values = listener.values
        if values.isKeyword("head-timeout", "off") {
            report.warning(
                .dangerTimeoutOff, at: listener.range(of: "head-timeout"),
                "without a head timeout a client can hold a connection for ever by sending nothing",
                help: "the default is `15s`")
        }
        if values.isKeyword("write-timeout", "off"), values.isKeyword("min-write-rate", "off") {
            report.warning(
                .dangerSlowDrip, at: listener.range(of: "write-timeout"),
                "without `write-timeout` and `min-write-rate` a client can hold a response for ever by not reading it",
                help: "leave one of them on")
        }
        if values.isKeyword("body-timeout", "off"), values.isKeyword("min-body-rate", "off") {
            report.warning(
                .dangerSlowDrip, at: listener.range(of: "body-timeout"),
                "without `body-timeout` and `min-body-rate` a client can hold a connection to the app for ever by sending nothing",
                help: "leave one of them on")
        }
        if let grace = listener.keys["min-rate-grace"], values.isKeyword("min-body-rate", "off"),
            values.isKeyword("min-write-rate", "off")
        {
            report.warning(.optionWithoutEffect, at: grace, "`min-rate-grace` has no effect: both rates are off")
        }
        if let keepAlive = values.duration("keep-alive-timeout"), keepAlive > .seconds(600) {
            report.warning(
                .dangerKeepAlive, at: listener.range(of: "keep-alive-timeout"),
                "clients may hold unused connections for \(DurationText.write(keepAlive))",
                help: "they count against `max-connections`; browsers reconnect quickly, and a few minutes are enough")
        }
    }

    private func checkApp(_ app: CheckedSection, _ report: inout Report) {
        let values = app.values
        if values.isKeyword("response-timeout", "off") {
            report.warning(
                .dangerTimeoutOff, at: app.range(of: "response-timeout"),
                "without a response timeout a request to an app that hangs waits for ever, and holds a connection",
                help: "raise it instead: `response-timeout = 10m`")
        }
        if values.isKeyword("max-connections", "off") {
            for name in ["queue-length", "queue-timeout"] {
                guard let key = app.keys[name] else { continue }
                report.warning(
                    .optionWithoutEffect, at: key, "\(quoted(name)) has no effect: nothing waits while `max-connections` is off")
            }
        }
        if let loops = gateway.values.integer("loops"), let most = values.integer("max-connections"), most < loops {
            report.warning(
                .dangerConnectionShare, at: app.range(of: "max-connections"),
                "\(most) \(most == 1 ? "connection" : "connections") cannot be shared by \(loops) loops: each has at least one",
                help: "there may be up to \(loops); lower `loops` or raise `max-connections`")
        }
    }
}

import FilterAPI

/// What the checks have found: a bit for each file that says no.
struct HealthState: Equatable {
    static let mostFiles = 64
    private var failing: UInt64 = 0
    var isDraining = false

    mutating func insert(_ file: Int) { failing |= 1 << UInt64(file) }
    func contains(_ file: Int) -> Bool { failing >> UInt64(file) & 1 != 0 }
    var isHealthy: Bool { failing == 0 && !isDraining }
}

/// The answers to one state, ready to be given.
struct HealthAnswers {
    /// One check: what it says, and about what.
    private struct Finding {
        let reason: String
        let details: String
        let check: String
    }

    /// The first is for those who do not say.
    static let types: [MediaType] = ["text/plain", "text/html", "application/json"]

    let state: HealthState
    /// Each once, as the text says them.
    let reasons: [String]
    /// In the order of `types`.
    let bodies: [Reply]
    let head: Reply

    init(_ state: HealthState, _ plan: Healthcheck) {
        self.state = state
        var findings: [Finding] = []
        for (index, path) in plan.disablingFiles.enumerated() {
            let isThere = state.contains(index)
            findings.append(
                Finding(
                    reason: isThere ? "DISABLED BY FILE" : "OK", details: "Path '\(path)' was \(isThere ? "" : "not ")found", check: "disable-by-file"))
        }
        for (index, path) in plan.enablingFiles.enumerated() {
            let isMissing = state.contains(plan.disablingFiles.count + index)
            findings.append(
                Finding(
                    reason: isMissing ? "FILE PATH MISSING" : "OK", details: "Path '\(path)' was \(isMissing ? "not " : "")found", check: "enable-by-file"))
        }
        if state.isDraining { findings.append(Finding(reason: "DRAINING", details: "The gateway is shutting down", check: "gateway")) }
        var reasons: [String] = []
        for finding in findings where finding.reason != "OK" && !reasons.contains(finding.reason) { reasons.append(finding.reason) }
        if reasons.isEmpty { reasons = ["OK"] }
        self.reasons = reasons

        let status: UInt16 = state.isHealthy ? 200 : 503
        let reason = state.isHealthy ? Healthcheck.ok : state.isDraining ? Healthcheck.draining : Healthcheck.disabled
        let fields: [(FieldName, String)] = [("Cache-Control", "no-store"), ("Vary", "Accept")]
        let shown = plan.isDetailed ? findings : nil
        bodies = [
            Reply(status, reason, fields: fields, contentType: "text/plain; charset=UTF-8", body: Self.text(reasons, shown)),
            Reply(status, reason, fields: fields, contentType: "text/html; charset=UTF-8", body: Self.html(reasons, shown)),
            Reply(status, reason, fields: fields, contentType: "application/json", body: Self.json(reasons, shown)),
        ]
        head = state.isHealthy ? Reply(empty: 204, reason, fields: [("Cache-Control", "no-store")]) : bodies[0]
    }

    private static func text(_ reasons: [String], _ findings: [Finding]?) -> String {
        guard let findings, !findings.isEmpty else { return reasons.joined(separator: "\n") }
        return findings.map { "\($0.reason): \($0.details)\n" }.joined()
    }

    private static func json(_ reasons: [String], _ findings: [Finding]?) -> String {
        guard let findings else { return "{\"detailed\":false,\"reasons\":\(ProblemValue.list(reasons.map(ProblemValue.string)).json)}" }
        let items = findings.map { finding in
            "{\"class\":\(ProblemValue.string(finding.check).json),\"details\":\(ProblemValue.string(finding.details).json),"
                + "\"reason\":\(ProblemValue.string(finding.reason).json)}"
        }
        return "{\"detailed\":true,\"reasons\":[\(items.joined(separator: ","))]}"
    }

    private static func html(_ reasons: [String], _ findings: [Finding]?) -> String {
        var body = ""
        if let findings, !findings.isEmpty {
            for finding in findings {
                body += "<tr><td>\(finding.check.htmlEscaped)</td><td>\(finding.reason.htmlEscaped)</td><td>\(finding.details.htmlEscaped)</td></tr>\n"
            }
            body = "<table>\n<tr><th>Check</th><th>Reason</th><th>Details</th></tr>\n\(body)</table>\n"
        } else {
            body = reasons.map { "<p>\($0)</p>\n" }.joined()
        }
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>Healthcheck Status</title></head>\n<body>\n\(body)</body>\n</html>\n"
    }
}

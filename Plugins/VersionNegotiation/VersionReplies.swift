import FilterAPI

/// The answers that the filter gives itself. Those that depend on nothing but the time are made once, and anew when a version's life goes on.
final class VersionReplies {
    private let rules: VersionRules
    private var kept: [String: Reply] = [:]
    /// From when to when what is kept is right.
    private var keptFrom: Int64 = 0
    private var keptUntil = Int64.min
    /// Clients that are let choose a host or a route choose the key.
    private static let mostKept = 64
    private static let longestKey = 512

    init(_ rules: VersionRules) { self.rules = rules }

    private func kept(_ key: String, _ now: Int64, _ make: () -> Reply) -> Reply {
        if now >= keptUntil || now < keptFrom {
            kept.removeAll()
            keptFrom = now
            keptUntil = rules.catalog.versions.map { $0.lifecycle.nextChange(after: now) }.min() ?? .max
        }
        if let reply = kept[key] { return reply }
        let reply = make()
        if kept.count < Self.mostKept && key.utf8.count <= Self.longestKey { kept[key] = reply }
        return reply
    }

    // MARK: Lists

    /// The list with 200, or 300 in Keystone's shape.
    func list(_ request: borrowing Request, now: Int64) -> Reply {
        let base = rules.lists.base(request)
        return kept("list \(base)", now) {
            let body = rules.lists.list(base, now: now)
            return Reply(200, VersionReason.list, fields: varyFields, contentType: "application/json", body: body)
        }
    }

    /// What the root of Nova and Keystone answers.
    func root(_ request: borrowing Request, now: Int64) -> Reply {
        guard rules.lists.shape == .keystone else { return list(request, now: now) }
        let base = rules.lists.base(request)
        return kept("root \(base)", now) {
            let body = rules.lists.list(base, now: now)
            var fields = varyFields
            if let preferred = rules.lists.preferred(base, now: now) { fields.append((FieldName(.location), preferred)) }
            return Reply(300, VersionReason.list, fields: fields, contentType: "application/json", body: body)
        }
    }

    func choices(_ request: borrowing Request, rest: String, now: Int64) -> Reply {
        let lists = rules.lists
        if lists.shape == .off { return refusal(300, VersionReason.choices, now: now) }
        let base = lists.base(request)
        func make() -> Reply {
            Reply(300, VersionReason.choices, fields: varyFields, contentType: "application/json", body: lists.choices(base, rest: rest, now: now))
        }
        return lists.shape == .nova ? make() : kept("choices \(base)", now, make)
    }

    func document(_ match: VersionMatch, _ request: borrowing Request, now: Int64) -> Reply {
        let base = rules.lists.base(request)
        let version = rules.catalog.versions[match.version]
        return kept("document \(match.version) \(base)", now) {
            let fields = varyFields + version.lifecycle.fields.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }
            return Reply(
                200, VersionReason.list, fields: fields, contentType: "application/json",
                body: rules.lists.document(match.version, base, now: now))
        }
    }

    // MARK: Refusals

    func refusal(_ status: UInt16, _ reason: ReplyReason, now: Int64) -> Reply {
        kept("\(status) \(reason.code)", now) { Reply(status, reason, fields: varyFields, members: members(now)) }
    }

    /// 410 for a version that has ended, or is switched off.
    func unavailable(_ index: Int, until: Int64?, now: Int64) -> Reply {
        let version = rules.catalog.versions[index]
        var fields = varyFields + version.lifecycle.fields.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }
        if let until { fields.append((FieldName(.retryAfter), HTTPDate.text(until))) }
        let reason = until == nil ? VersionReason.sunset : VersionReason.brownOut
        return kept("\(reason.code) \(index)", now) { Reply(410, reason, fields: fields, members: members(now)) }
    }

    private var varyFields: [(FieldName, String)] { rules.varying.map { (FieldName(.vary), $0.description) } }

    private func members(_ now: Int64) -> [(String, ProblemValue)] {
        let available = rules.catalog.versions.filter { $0.lifecycle.isAvailable(now) }
        var members: [(String, ProblemValue)] = [("versions", .list(available.map { .string($0.name.text) }))]
        let ranges = available.compactMap(\.microversions)
        if let lowest = ranges.map(\.lowest).min(), let highest = ranges.map(\.highest).max() {
            members += [("min_version", .string(lowest.text)), ("max_version", .string(highest.text))]
        }
        return members
    }
}

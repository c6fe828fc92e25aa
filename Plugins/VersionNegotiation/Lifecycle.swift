import FilterAPI

/// How far a version is in its life.
enum VersionStatus: String, Sendable {
    case current, supported, deprecated, experimental
}

/// When a version is deprecated and when it ends, in seconds since 1970-01-01 UTC, and what clients are told of it.
struct Lifecycle: Sendable {
    /// A stretch of time in which the version is taken away to show who still uses it.
    struct BrownOut: Sendable {
        let start: Int64
        let end: Int64
    }

    enum Availability {
        case available
        case brownOut(until: Int64)
        case ended
    }

    let deprecatedAt: Int64?
    let sunsetAt: Int64?
    let brownOuts: [BrownOut]
    /// Of every response of the version: Deprecation, Sunset and links.
    let fields: [(name: FieldName, value: [UInt8])]
    private let isEndless: Bool

    init(_ version: String, _ attributes: OptionValues?, at index: Int, successor: String?) throws(ConfigurationError) {
        func fault(_ message: String, _ help: String? = nil) -> ConfigurationError {
            ConfigurationError(message, option: "version", value: index, help: help)
        }
        deprecatedAt = attributes?.date("deprecated-at")
        sunsetAt = attributes?.date("sunset-at")
        if let deprecatedAt, let sunsetAt, sunsetAt < deprecatedAt {
            throw fault("version `\(version)` ends before it is deprecated", "RFC 9745 wants `sunset-at` at or after `deprecated-at`")
        }
        brownOuts = attributes?.periods("brown-out").map { BrownOut(start: $0.start, end: $0.start + $0.seconds) } ?? []
        if let sunsetAt, brownOuts.contains(where: { $0.end > sunsetAt }) {
            throw fault("a brown-out of version `\(version)` is after its end", "it has to be over at `sunset-at`")
        }
        var fields: [(name: FieldName, value: [UInt8])] = []
        if let deprecatedAt { fields.append(("Deprecation", Array("@\(deprecatedAt)".utf8))) }
        if let sunsetAt { fields.append(("Sunset", Array(HTTPDate.text(sunsetAt).utf8))) }
        for (attribute, relation) in [("deprecation-link", "deprecation"), ("sunset-link", "sunset")] {
            guard let target = attributes?.word(attribute) else { continue }
            guard Self.isReference(target) else { throw fault("`\(target)` is not a URI reference") }
            fields.append((FieldName(.link), Array("<\(target)>; rel=\"\(relation)\"".utf8)))
        }
        if let successor {
            guard Self.isReference(successor) else { throw fault("`\(successor)` is not a URI reference") }
            fields.append((FieldName(.link), Array("<\(successor)>; rel=\"successor-version\"".utf8)))
        }
        self.fields = fields
        isEndless = sunsetAt == nil && brownOuts.isEmpty
    }

    /// What may stand between `<` and `>` of a Link field (RFC 8288 §3): the characters of a URI reference.
    static func isReference(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(\.isURICharacter)
    }

    @inline(__always)
    func availability(_ now: Int64) -> Availability { isEndless ? .available : limitedAvailability(now) }

    private func limitedAvailability(_ now: Int64) -> Availability {
        if let sunsetAt, now >= sunsetAt { return .ended }
        for index in brownOuts.indices where now >= brownOuts[index].start && now < brownOuts[index].end {
            return .brownOut(until: brownOuts[index].end)
        }
        return .available
    }

    func isAvailable(_ now: Int64) -> Bool { if case .available = availability(now) { true } else { false } }

    /// Adds the fields to those of a response.
    func tell(_ told: inout Fields) {
        for index in fields.indices {
            let value = fields[index].value
            // Two Deprecation or Sunset lines would say nothing; links add up.
            if fields[index].name.token != .link { told.remove(fields[index].name) }
            told.append(fields[index].name, bytes: value.span)
        }
    }

    /// When its status or availability changes next; `Int64.max` for never.
    func nextChange(after now: Int64) -> Int64 {
        let times = [deprecatedAt, sunsetAt].compactMap(\.self) + brownOuts.flatMap { [$0.start, $0.end] }
        return times.filter { $0 > now }.min() ?? .max
    }
}

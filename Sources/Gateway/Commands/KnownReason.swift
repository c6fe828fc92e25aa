import FilterAPI
import HTTPMessage

/// A reason code that this program may answer with: one of the gateway's own, or of a filter.
struct KnownReason: Equatable {
    let code: String
    /// nil for a filter's: the status is the reply's, and often an option says which.
    let status: UInt16?
    let title: String
    let explanation: ReasonExplanation
    /// The names of the filters that answer so; empty for the gateway's own.
    let filters: [String]

    /// Those of the gateway, then those of the filters; each code once.
    static func all(_ registry: FilterRegistry) -> [KnownReason] {
        var own = Reason.allCases.map { reason in
            KnownReason(
                code: "\(reason.code)", status: reason.status, title: "\(reason.title)", explanation: reason.explanation, filters: [])
        }
        let declared = registry.reasons
        var seen: Set<String> = Set(own.map(\.code))
        for (_, reason) in declared where seen.insert("\(reason.code)").inserted {
            own.append(
                KnownReason(
                    code: "\(reason.code)", status: nil, title: "\(reason.title)", explanation: reason.explanation,
                    filters: declared.filter { "\($0.reason.code)" == "\(reason.code)" }.map(\.filter)))
        }
        return own
    }

    /// `status 404`, or whose it is.
    var origin: String {
        status.map { "status \($0)" } ?? "\(filters.count == 1 ? "filter" : "filters") \(filters.joined(separator: ", "))"
    }

    static func == (left: KnownReason, right: KnownReason) -> Bool { left.code == right.code && left.filters == right.filters }
}

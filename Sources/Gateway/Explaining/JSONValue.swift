import FilterAPI

/// A JSON text in the making (RFC 8259). Members keep their order.
indirect enum JSONValue {
    case null
    case boolean(Bool)
    case number(Int64)
    case string(String)
    case list([JSONValue])
    case object([(String, JSONValue)])

    init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }

    var text: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .number(let value): String(value)
        case .string(let text): ProblemValue.string(text).json
        case .list(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { ProblemValue.string($0).json + ":" + $1.text }.joined(separator: ",") + "}"
        }
    }
}

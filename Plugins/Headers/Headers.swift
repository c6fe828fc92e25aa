import FilterAPI

/// Sets, adds, removes and renames fields of requests and responses.
public final class Headers: FilterPlugin, RequestFilter, ResponseFilter {
    public static let name = "headers"
    public static let summary = "Sets, adds, removes and renames fields of requests and responses."

    public static let options = OptionSchema(
        ["request", "response"].flatMap { way in
            [
                Option(
                    "\(way)-remove", .token, isList: true, isRepeatable: true,
                    "Names of fields that are taken off the \(way). A `*` at the end stands for whatever follows: `X-Debug-*`."),
                Option(
                    "\(way)-rename", .string, isList: true, isRepeatable: true,
                    "Fields of the \(way) that get another name, as `Old:New`. All lines keep their values; lines that had the new name already are removed."),
                Option(
                    "\(way)-set", .string, isList: true, isRepeatable: true,
                    "Fields of the \(way) that get this value and no other, as `\"Name: value\"`. The value may hold variables."),
                Option(
                    "\(way)-add", .string, isList: true, isRepeatable: true,
                    "Field lines that are added to the \(way), as `\"Name: value\"`, beside those that are there. The value may hold variables."),
            ]
        })

    private let request: FieldEdits
    private let response: FieldEdits

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        request = try FieldEdits(options, way: "request")
        response = try FieldEdits(options, way: "response")
        guard !request.isEmpty || !response.isEmpty else {
            throw ConfigurationError("this filter changes nothing", help: "add `request-set = \"Name: value\"`, or another of its options")
        }
    }

    public var order: FilterOrder { FilterOrder(fields: request.uses) }

    public func processRequest(_ request: inout Request) -> RequestDecision {
        if !self.request.isEmpty { self.request.apply(to: &request) }
        return .forward
    }

    public func processResponse(_ response: inout Response, for request: borrowing Request) {
        if !self.response.isEmpty { self.response.apply(to: &response.fields, request) }
    }
}

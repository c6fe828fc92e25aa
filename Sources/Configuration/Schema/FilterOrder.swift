/// What a filter says of its place among the others of a pipeline. `sluice check` warns where a pipeline contradicts it; when requests are
/// served it does nothing.
///
/// ```swift
/// public var order: FilterOrder {
///     FilterOrder([.before(.login, because: "it counts guesses")], roles: [.refusal], fields: [.reads("X-Team")])
/// }
/// ```
public struct FilterOrder: Sendable, Equatable {
    public var rules: [OrderRule]
    public var roles: [FilterRole]
    public var fields: [FieldUse]

    /// - Parameters:
    ///   - rules: where it belongs.
    ///   - roles: what it does, as far as the place of others hangs on that.
    ///   - fields: what it does with fields of requests, as far as its place or that of others hangs on that.
    public init(_ rules: [OrderRule] = [], roles: [FilterRole] = [], fields: [FieldUse] = []) {
        self.rules = rules
        self.roles = roles
        self.fields = fields
    }
}

/// Something that filters do, to which the places of others refer. A plug-in may have roles of its own.
public struct FilterRole: Sendable, Hashable {
    /// Two roles of one name are one.
    public let name: String

    public init(_ name: String) { self.name = name }

    /// Answers requests that are not to come to the app.
    public static let refusal = FilterRole("refusal")
    /// Refuses requests that do not say who sends them.
    public static let login = FilterRole("login")
    /// Answers with what an app has said before, or what it could say: a cache.
    public static let appAnswer = FilterRole("app-answer")
    /// Reads or changes the bodies of responses, as the app means them.
    public static let bodyEdit = FilterRole("body-edit")
}

/// A rule for the place of a filter among those that have a role.
public struct OrderRule: Sendable, Equatable {
    enum Side: Sendable { case before, behind }

    let side: Side
    let role: FilterRole
    let reason: String

    /// Requests come to this filter before they come to those with the role.
    ///
    /// - Parameter reason: what goes wrong otherwise, in a sentence without a full stop.
    public static func before(_ role: FilterRole, because reason: String) -> OrderRule { OrderRule(side: .before, role: role, reason: reason) }

    /// Requests come to this filter after those with the role.
    ///
    /// - Parameter reason: as above.
    public static func behind(_ role: FilterRole, because reason: String) -> OrderRule { OrderRule(side: .behind, role: role, reason: reason) }
}

/// What a filter does with a field of requests. Names have no letter case.
public enum FieldUse: Sendable, Equatable {
    /// Decides by what the field says. It is not to stand before the filter that finds that out, nor behind one that takes the field off.
    case reads(String)
    /// Takes off what the client sent, and may write what it has found out itself.
    case sets(String)
    /// Writes something into the field, for the app: a client's own value may mean something before it.
    case writes(String)
    case removes(String)
}

/// `[router:NAME]`
public struct RouterPlan: Sendable, Equatable {
    public var name: String
    /// At least one, in the order of the file; which one a request takes does not depend on the order. No two have the same
    /// host and path.
    public var routes: [RoutePlan]
}

/// One route: `[host]/path = destination`.
public struct RoutePlan: Sendable, Equatable {
    /// nil is for every host.
    public var host: HostPattern?
    /// `/`, or `/a/b` without a slash at the end: whole segments, in canonical spelling.
    public var path: String
    /// The segments of `path`; empty for `/`.
    public var segments: [String]
    public var destination: Destination
    public var rewrite: PathRewrite
    public var location: SourceLocation
}

/// What happens to the path of a request that takes a route.
public enum PathRewrite: Sendable, Hashable {
    case none
    /// The route's path is taken off: `/images/7` becomes `/7`, `/images` becomes `/`.
    case stripPrefix
    /// The route's path is replaced by another, `/a/b` without a slash at the end.
    case replacePrefix(String)
}

/// Why a list of rules makes no table. Numbers are indexes into the list.
public enum RouteRuleFault: Error, Equatable, Sendable {
    /// The rule's path would be refused in a request, has empty segments or parameters.
    case path(rule: Int)
    /// The rule's host is empty, too long, or has bytes that no host has.
    case host(rule: Int)
    /// Two rules are for the same host and path.
    case tie(first: Int, second: Int)
}

/// One line of a router: for this host and everything below this path, `value`.
public struct RouteRule: Hashable, Sendable {
    public var host: HostRule
    /// An absolute path; it stands for itself and all below it, by whole segments. `/images` and `/images/` are the same.
    public var path: String
    /// The caller's number for where it leads.
    public var value: Int

    public init(host: HostRule, path: String, value: Int) {
        self.host = host
        self.path = path
        self.value = value
    }
}

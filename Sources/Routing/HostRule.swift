/// Which hosts a rule is for. Letter case and one trailing dot do not matter.
public enum HostRule: Hashable, Sendable {
    /// Every host, and requests without one.
    case any
    /// This host; with a port, only requests to that port, else to any.
    case exact(String, port: UInt16?)
    /// Every host below this one, at any depth, but not itself: `example.org` is for `a.example.org` and `a.b.example.org`.
    case wildcard(suffix: String)
}

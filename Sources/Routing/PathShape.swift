/// What an examination found out about a path that it accepted. Only `PathPolicy.examine` makes one, so that no path is matched
/// which was not examined.
public struct PathShape: Equatable, Sendable {
    /// No escapes, no parameters and no empty segments: the names can be compared as they are.
    public let isPlain: Bool

    init(isPlain: Bool) { self.isPlain = isPlain }
}

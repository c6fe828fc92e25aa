/// What an examination found out about a path that it accepted. Only `PathPolicy.examine` makes one, so that no path is matched
/// which was not examined.
public struct PathShape: Equatable, Sendable {
    /// No escapes, no parameters and no empty segments: the names can be compared as they are.
    public let isPlain: Bool
    /// `%2F` or `%5C` stands in a name. Only for apps that take it for a letter.
    public let hasEscapedSeparator: Bool

    init(isPlain: Bool, hasEscapedSeparator: Bool = false) {
        self.isPlain = isPlain
        self.hasEscapedSeparator = hasEscapedSeparator
    }
}

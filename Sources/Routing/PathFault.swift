/// Why a path is refused. Each is a spelling that two readers, the gateway and some app, could take for different paths, or that
/// is no path at all.
public enum PathFault: UInt8, CaseIterable, Sendable {
    /// It does not begin with a slash.
    case notAbsolute
    /// A byte that may not stand in a path unescaped: a control, a space, `#`, `?`, or one outside ASCII.
    case forbiddenByte
    /// A percent sign without two hexadecimal digits behind it.
    case malformedEscape
    /// A segment `.` or `..`, however it is escaped, and also with parameters (`..;x`).
    case dotSegment
    /// `%2F` or `%5C`: a slash for an app that decodes first, a letter for one that splits first.
    case escapedSeparator
    /// A backslash: a slash for some apps.
    case backslash
    /// An escaped control byte, NUL among them.
    case escapedControl
    /// An overlong UTF-8 form, which some decoders take for an ASCII byte.
    case overlongCharacter
    /// A segment of nothing but parameters (`/;x/`): no segment at all for an app that takes them off.
    case emptyName

    /// True for what two readers may take differently; false for what is not a path.
    public var isAmbiguity: Bool {
        switch self {
        case .notAbsolute, .forbiddenByte, .malformedEscape: false
        case .dotSegment, .escapedSeparator, .backslash, .escapedControl, .overlongCharacter, .emptyName: true
        }
    }
}

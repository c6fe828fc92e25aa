import Buffers

/// What becomes of a request's path on its way to the app. The part behind the matched prefix is sent as it came, escapes and all;
/// only this is canonical: what is sent begins with exactly one slash. An app may take `//x/y` for the path `/y` of a host `x`.
public enum PathRewrite: Equatable, Sendable {
    case none
    /// Takes the matched prefix off.
    case stripPrefix
    /// Puts this path in place of the matched prefix. Made by `replacingPrefix(with:)`.
    case replacePrefix([UInt8])

    /// The rewrite that puts `path` in place of the matched prefix; a slash at its end does not count. Nil if it is not a path that
    /// would be accepted in a request, has empty segments or parameters.
    public static func replacingPrefix(with path: String) -> PathRewrite? {
        guard let names = RulePath.names(path) else { return nil }
        // As written: what the operator escaped stays escaped.
        let bytes = [UInt8](path.utf8)
        if names.isEmpty { return .stripPrefix }
        return .replacePrefix(bytes.last == UInt8(ascii: "/") ? bytes.dropLast() : bytes)
    }

    /// What comes before the part of the path that is sent as it came.
    public enum Lead: Equatable, Sendable {
        case nothing
        case slash
        case replacement
    }

    /// What to send: `lead`, then bytes `rest` of the path.
    public func parts(of path: Span<UInt8>, _ match: RouteMatch) -> (lead: Lead, rest: ByteRange) {
        var start = self == .none ? 0 : match.prefixLength
        while start &+ 1 < path.count, path[start] == UInt8(ascii: "/"), path[start &+ 1] == UInt8(ascii: "/") { start &+= 1 }
        let rest = ByteRange(start: start, count: path.count &- start)
        switch self {
        case .none: return (.nothing, rest)
        case .stripPrefix: return (rest.isEmpty ? .slash : .nothing, rest)
        case .replacePrefix: return (.replacement, rest)
        }
    }

    /// Appends what to send.
    public func write(_ path: Span<UInt8>, _ match: RouteMatch, to output: inout OutputBuffer) {
        let (lead, rest) = parts(of: path, match)
        switch (lead, self) {
        case (.replacement, .replacePrefix(let replacement)): output.append(replacement)
        case (.slash, _): output.append(byte: UInt8(ascii: "/"))
        default: break
        }
        output.append(path, rest)
    }
}

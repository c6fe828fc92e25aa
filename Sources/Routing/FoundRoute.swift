/// Where a request goes, and what of its path is sent: `replacement`, if there is one, then the bytes of the path from `rest` on; `/` if
/// that would be nothing.
public struct FoundRoute: Equatable, Sendable {
    /// The caller's number of the app.
    public internal(set) var app: Int
    /// Offset of the first byte of the path that is sent.
    public internal(set) var rest = 0
    /// What is sent before it: begins with a slash and does not end with one.
    public internal(set) var replacement: [UInt8]?

    init(app: Int) { self.app = app }

    /// All requests go to this app, without any rewrite.
    public init(app: Int, path: Span<UInt8>) {
        self.app = app
        apply(.none, 0, path)
    }

    /// The request took a route whose path stands for the first `matched` bytes of what is sent so far.
    mutating func apply(_ rewrite: PathRewrite, _ matched: Int, _ path: Span<UInt8>) {
        if rewrite != .none { strip(matched) }
        if replacement == nil {
            // What is sent begins with one slash only: see PathRewrite.
            while rest &+ 1 < path.count, path[rest] == UInt8(ascii: "/"), path[rest &+ 1] == UInt8(ascii: "/") { rest &+= 1 }
            rest = min(rest, path.count)
        }
        if case .replacePrefix(let new) = rewrite { replacement = replacement.map { new + $0 } ?? new }
    }

    /// What is sent of `path` so far.
    func sentPath(of path: Span<UInt8>) -> [UInt8] {
        var sent = replacement ?? []
        for index in rest..<path.count { sent.append(path[index]) }
        return sent.isEmpty ? [UInt8(ascii: "/")] : sent
    }

    /// Takes the first bytes of what is sent so far off.
    private mutating func strip(_ count: Int) {
        guard let held = replacement else {
            rest &+= count
            return
        }
        replacement = count < held.count ? Array(held[count...]) : nil
        rest &+= max(0, count &- held.count)
    }
}

/// Arithmetic on the text of file paths. It does not look at the file system, so it does not know of symbolic links.
enum PathText {
    /// `path` as seen from the directory of the file `other`.
    static func resolved(_ path: String, besides other: String) -> String {
        if path.utf8.first == UInt8(ascii: "/") { return path }
        guard let slash = other.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(other[...slash]) + path
    }

    /// Without `.`, `..` and doubled slashes, so that two spellings of a file compare equal.
    static func normalized(_ path: String) -> String {
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !isAbsolute {
                parts.append(part)
            }
        }
        return (isAbsolute ? "/" : "") + parts.joined(separator: "/")
    }

    /// Whether a path is a pattern for `ConfigurationFiles.match`.
    static func isPattern(_ path: String) -> Bool {
        path.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
    }
}

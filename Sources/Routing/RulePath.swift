/// The path of a rule, as an operator writes it.
enum RulePath {
    /// The decoded names of its segments; nil if the path is none that a rule may have.
    static func names(_ path: String) -> [[UInt8]]? {
        let bytes = [UInt8](path.utf8)
        guard case .accepted = PathPolicy().examine(bytes.span) else { return nil }
        // Parameters never match, empty segments are passed over: a rule with either would not mean what it says.
        guard !bytes.contains(UInt8(ascii: ";")) else { return nil }
        var names: [[UInt8]] = []
        var index = 1
        while index < bytes.count {
            var end = index
            while end < bytes.count, bytes[end] != UInt8(ascii: "/") { end += 1 }
            var reader = NameReader(start: index, end: end)
            var name: [UInt8] = []
            while let byte = reader.next(bytes.span) { name.append(byte) }
            guard !name.isEmpty, reader.hasEnded else { return nil }
            names.append(name)
            index = end + 1
        }
        return names
    }
}

/// Byte strings that the operator chose, looked for in messages: make it when the filter is made.
public struct ByteSet: Sendable {
    private let ignoresCase: Bool
    /// By their hash.
    private var members: [UInt64: [[UInt8]]] = [:]

    /// - Parameter ignoresCase: the case of ASCII letters does not matter.
    public init(ignoringCase ignoresCase: Bool = false) { self.ignoresCase = ignoresCase }

    public var isEmpty: Bool { members.isEmpty }

    public mutating func insert(_ bytes: [UInt8]) {
        let member = ignoresCase ? bytes.map(\.asciiLowercased) : bytes
        let range = ByteRange(start: 0, count: member.count)
        if !contains(member.span, range) { members[hash(member.span, range), default: []].append(member) }
    }

    /// Whether bytes `range` are one of them. O(length), allocates nothing. Traps if the range is not inside.
    public func contains(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard let candidates = members[hash(bytes, range)] else { return false }
        for index in candidates.indices {
            if ignoresCase ? bytes.matches(range, ignoringCase: candidates[index]) : bytes.matches(range, candidates[index]) { return true }
        }
        return false
    }

    private func hash(_ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64 {
        var hash = ByteHash()
        for index in range.range { hash.add(UInt64(ignoresCase ? bytes[index].asciiLowercased : bytes[index])) }
        return hash.value
    }
}

import FilterAPI

/// The name of a version: `v2.15`, `2.15`, `2022-11-28`, `2026-02-25.clover`. Where it does not stand in a path, its `v` may be left out.
struct VersionName: Sendable {
    /// As configured.
    let bytes: [UInt8]
    /// Without the `v`.
    let bare: [UInt8]
    /// What names like it look like: `0.0` for `v2.15`, a `0` for each run of digits and an `a` for each run of letters.
    let shape: [UInt8]
    private let parts: [Part]

    private enum Part {
        case text([UInt8])
        case number(Int)
    }

    static let mostBytes = 64

    /// Nil if it is not 1 to 64 letters, digits, `.`, `-` and `_` with a letter or digit first, or has a number above 10^15.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, first.isAlphanumeric, bytes.count <= Self.mostBytes, bytes.allSatisfy(\.isVersionCharacter) else { return nil }
        let bare = Self.hasPrefix(bytes.span) ? Array(bytes.dropFirst()) : bytes
        var parts: [Part] = []
        var shape: [UInt8] = []
        var at = 0
        while at < bare.count {
            let start = at
            let kind = bare[at].shapeByte
            at += 1
            while kind.isAlphanumeric && at < bare.count && bare[at].shapeByte == kind { at += 1 }
            shape.append(kind)
            if kind == UInt8(ascii: "0") {
                guard at - start <= 15, let number = Int(String(decoding: bare[start..<at], as: UTF8.self)) else { return nil }
                parts.append(.number(number))
            } else if kind == UInt8(ascii: "a") {
                parts.append(.text(bare[start..<at].map(\.asciiLowercased)))
            }
        }
        self.bytes = bytes
        self.bare = bare
        self.parts = parts
        self.shape = shape
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var bareText: String { String(decoding: bare, as: UTF8.self) }
    var hasPrefix: Bool { bare.count < bytes.count }

    /// Up to its first dot: `v2` of `v2.15`.
    var family: [UInt8] { Array(bytes.prefix { $0 != UInt8(ascii: ".") }) }

    /// The number that it begins with: `2` of `v2.15`; empty without one.
    var major: [UInt8] { Array(bare.prefix(while: \.isDigit)) }

    /// Below zero if this version is older than the other, zero if their names mean the same. Numbers count as numbers (2.9 is older than
    /// 2.15); text is older than any number and than nothing (1beta1 is older than 1).
    func order(_ other: VersionName) -> Int {
        for (left, right) in zip(parts, other.parts) {
            switch (left, right) {
            case (.number(let left), .number(let right)): if left != right { return left < right ? -1 : 1 }
            case (.text(let left), .text(let right)): if left != right { return left.lexicographicallyPrecedes(right) ? -1 : 1 }
            case (.text, .number): return -1
            case (.number, .text): return 1
            }
        }
        guard parts.count != other.parts.count else { return 0 }
        let isLonger = parts.count > other.parts.count
        let extra = isLonger ? parts[other.parts.count] : other.parts[parts.count]
        if case .text = extra { return isLonger ? -1 : 1 }
        return isLonger ? 1 : -1
    }

    // MARK: Comparing with bytes of a request

    /// Whether a path segment is this name: in this letter case, percent-encoded or not.
    func isSegment(_ bytes: Span<UInt8>, _ segment: ByteRange) -> Bool { bytes.isSegment(segment, self.bytes) }

    /// Whether a word of a field is this name, in any letter case, with or without the `v`.
    func isWord(_ bytes: Span<UInt8>, _ word: ByteRange) -> Bool {
        bytes.isWord(word, self.bytes) || (hasPrefix && bytes.isWord(word, bare))
    }

    /// Whether the bytes have the shape of this name.
    func hasShape(of bytes: Span<UInt8>, _ word: ByteRange) -> Bool {
        var at = word.lower
        if hasPrefix && Self.hasPrefix(bytes.extracting(word.range)) { at &+= 1 }
        var index = 0
        while at < word.upper {
            let kind = bytes[at].shapeByte
            guard index < shape.count, shape[index] == kind else { return false }
            index &+= 1
            at &+= 1
            while kind.isAlphanumeric && at < word.upper && bytes[at].shapeByte == kind { at &+= 1 }
        }
        return index == shape.count
    }

    /// A `v` with a digit behind it.
    static func hasPrefix(_ bytes: Span<UInt8>) -> Bool {
        bytes.count >= 2 && bytes[0].asciiLowercased == UInt8(ascii: "v") && bytes[1].isDigit
    }
}

extension UInt8 {
    var isVersionCharacter: Bool { isAlphanumeric || self == UInt8(ascii: ".") || self == UInt8(ascii: "-") || self == UInt8(ascii: "_") }

    /// `0` for digits, `a` for letters, itself for all others.
    fileprivate var shapeByte: UInt8 {
        if isDigit { return UInt8(ascii: "0") }
        return isAlphanumeric ? UInt8(ascii: "a") : self
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes of a path segment are `name` once they are decoded.
    func isSegment(_ segment: ByteRange, _ name: [UInt8]) -> Bool {
        guard Int(segment.count) > name.count else { return isPlainSegment(segment, name) }
        var at = segment.lower
        var index = 0
        while at < segment.upper {
            let escaped = escapedByte(at: at, to: segment.upper)
            guard index < name.count, name[index] == escaped ?? self[at], escaped != nil || name[index] != UInt8(ascii: "%") else { return false }
            index &+= 1
            at &+= escaped == nil ? 1 : 3
        }
        return index == name.count
    }

    /// The same where there is no room for an escape. Names of versions differ at their ends: it looks there first.
    private func isPlainSegment(_ segment: ByteRange, _ name: [UInt8]) -> Bool {
        guard Int(segment.count) == name.count else { return false }
        var index = name.count
        while index > 0 {
            index &-= 1
            let byte = self[segment.lower &+ index]
            guard byte == name[index], byte != UInt8(ascii: "%") else { return false }
        }
        return true
    }

    /// Whether these bytes are `name`, but for its first `left` bytes, in any letter case.
    func isWord(_ word: ByteRange, _ name: [UInt8], without left: Int = 0) -> Bool {
        guard Int(word.count) == name.count &- left else { return false }
        for index in left..<name.count where self[word.lower &+ index &- left].asciiLowercased != name[index].asciiLowercased { return false }
        return true
    }
}

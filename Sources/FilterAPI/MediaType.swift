/// A media type that a filter can answer with, such as `text/html`: make it when the filter is made. Without parameters.
public struct MediaType: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    private let type: [UInt8]
    private let subtype: [UInt8]

    /// Traps if the literal is not `type/subtype`: a mistake of the program.
    public init(stringLiteral text: String) {
        let parts = text.utf8.map(\.asciiLowercased).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        precondition(parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isTokenCharacter) }, "not a media type: \(text)")
        type = Array(parts[0])
        subtype = Array(parts[1])
    }

    public var description: String { String(decoding: type + [UInt8(ascii: "/")] + subtype, as: UTF8.self) }

    /// How exactly a media range means it: 2 for itself, 1 for `type/*`, 0 for `*/*`, nil if it means others.
    fileprivate func precision(of range: ByteRange, in bytes: Span<UInt8>) -> Int? {
        var slash = range.lower
        while slash < range.upper && bytes[slash] != UInt8(ascii: "/") { slash &+= 1 }
        guard slash < range.upper else { return nil }
        let ofType = ByteRange(start: range.lower, count: slash &- range.lower)
        let ofSubtype = ByteRange(start: slash &+ 1, count: range.upper &- slash &- 1)
        let isAnySubtype = Self.isStar(ofSubtype, bytes)
        if Self.isStar(ofType, bytes) { return isAnySubtype ? 0 : nil }
        guard bytes.matches(ofType, ignoringCase: type) else { return nil }
        if isAnySubtype { return 1 }
        return bytes.matches(ofSubtype, ignoringCase: subtype) ? 2 : nil
    }

    private static func isStar(_ range: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        range.count == 1 && bytes[range.lower] == UInt8(ascii: "*")
    }
}

extension Request {
    /// Which of `types` the client likes best (Accept, RFC 9110 §12.5.1): that of the highest weight, the first of equals. The first if there
    /// is no Accept; nil if none is acceptable. Parameters of media ranges but `q` are passed over, and so are elements that are none.
    /// O(types × elements), without an allocation.
    public func preferred(among types: [MediaType]) -> Int? {
        guard let first = fields.firstIndex(of: .accept) else { return types.isEmpty ? nil : 0 }
        var best: (index: Int, weight: Int)?
        for index in types.indices {
            let weight = weight(of: types[index], from: first)
            if weight > best?.weight ?? 0 { best = (index, weight) }
        }
        return best?.index
    }

    /// In thousandths: the weight of the most exact range that means it; 0 without one.
    private func weight(of type: MediaType, from first: Int) -> Int {
        var best = (precision: -1, weight: 0)
        var line: Int? = first
        while let index = line {
            var list = TokenList(fields.valueRange(at: index))
            while let element = list.next(in: fields.bytes) {
                guard let precision = type.precision(of: TokenList.name(of: element, in: fields.bytes), in: fields.bytes),
                    precision >= best.precision, let weight = ParameterList.weight(of: element, in: fields.bytes)
                else { continue }
                best = (precision, precision == best.precision ? max(weight, best.weight) : weight)
            }
            line = fields.firstIndex(of: .accept, from: index + 1)
        }
        return best.weight
    }
}

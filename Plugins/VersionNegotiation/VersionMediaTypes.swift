import FilterAPI

/// Media types that carry a version in `Accept` (RFC 9110 §12.5.1): `application/vnd.example-v2.15+json`, `application/vnd.example.v2+json` and
/// `application/vnd.example+json; version=2.15`.
final class VersionMediaTypes: Sendable {
    /// In lower case: `application/vnd.example`.
    let types: [[UInt8]]

    init(_ words: [String]) throws(ConfigurationError) {
        var types: [[UInt8]] = []
        for (index, word) in words.enumerated() {
            let parts = word.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isTokenCharacter) }), !word.contains("*"), !word.contains("+") else {
                throw ConfigurationError(
                    "`\(word)` is not a media type to which a version can be added", option: "media-type", value: index,
                    expected: "a type such as `application/vnd.example`")
            }
            types.append(word.utf8.map(\.asciiLowercased))
        }
        self.types = types
    }

    /// What `Accept` says: the version of the range with the greatest weight that can be had, the first one of equals. With a version preferred,
    /// it is enough that this one is acceptable.
    func find(
        _ fields: borrowing Fields, _ catalog: VersionCatalog, preferring preferred: VersionMatch?, now: Int64
    ) -> Finding {
        var best: VersionMatch?
        var bestWeight = 0
        var isVersioned = false
        var takesOthers = false
        var index = fields.firstIndex(of: .accept)
        while let line = index {
            var list = TokenList(fields.valueRange(at: line))
            while let element = list.next(in: fields.bytes) {
                let bytes = fields.bytes
                guard let weight = ParameterList.weight(of: element, in: bytes), weight > 0 else { continue }
                guard let word = versionWord(of: element, bytes) else {
                    takesOthers = true
                    continue
                }
                isVersioned = true
                guard case .match(let match) = named(word, bytes, catalog, preferred, now) else { continue }
                if let preferred, let merged = catalog.merged(preferred, match) { return .match(merged) }
                if weight > bestWeight {
                    best = match
                    bestWeight = weight
                }
            }
            index = fields.firstIndex(of: .accept, from: line &+ 1)
        }
        if takesOthers && (best == nil || preferred != nil) { return .none }
        if let best { return .match(best) }
        return isVersioned ? .unknown : .none
    }

    private func named(
        _ word: ByteRange, _ bytes: Span<UInt8>, _ catalog: VersionCatalog, _ preferred: VersionMatch?, _ now: Int64
    ) -> Finding {
        let finding = catalog.word(bytes, word, preferring: preferred, now: now)
        if case .match = finding { return finding }
        // `application/vnd.example.v3.raw`: what stands behind the version is the app's.
        var at = word.upper
        while at > word.lower &+ 1 {
            at &-= 1
            guard bytes[at] == UInt8(ascii: "."), at &+ 1 < word.upper, !bytes[at &+ 1].isDigit else { continue }
            return catalog.word(bytes, ByteRange(start: word.lower, count: at &- word.lower), preferring: preferred, now: now)
        }
        return finding
    }

    /// The version that a media range names; nil for one without.
    private func versionWord(of element: ByteRange, _ bytes: Span<UInt8>) -> ByteRange? {
        var type = TokenList.name(of: element, in: bytes)
        var end = type.upper
        while end > type.lower && bytes[end &- 1] != UInt8(ascii: "+") && bytes[end &- 1] != UInt8(ascii: "/") { end &-= 1 }
        if end > type.lower && bytes[end &- 1] == UInt8(ascii: "+") { type = ByteRange(start: type.lower, count: end &- 1 &- type.lower) }
        for index in types.indices {
            let count = types[index].count
            guard Int(type.count) >= count, bytes.isWord(ByteRange(start: type.lower, count: count), types[index]) else { continue }
            if Int(type.count) == count { return parameter(of: element, bytes) }
            let separator = bytes[type.lower &+ count]
            guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: "."), Int(type.count) > count &+ 1 else { continue }
            return ByteRange(start: type.lower &+ count &+ 1, count: Int(type.count) &- count &- 1)
        }
        return nil
    }

    private func parameter(of element: ByteRange, _ bytes: Span<UInt8>) -> ByteRange? {
        var parameters = ParameterList(element, in: bytes)
        while let parameter = parameters.next(in: bytes) {
            if bytes.matches(parameter.name, ignoringCase: "version") { return parameter.value }
        }
        return nil
    }
}

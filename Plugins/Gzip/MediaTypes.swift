import FilterAPI

/// Patterns of media types: `text/html`, `text/*`, `application/*+json`, `*/*`.
struct MediaTypes {
    private struct Pattern {
        /// In lower case, before and behind the star; all of it without one.
        var front: [UInt8]
        var back: [UInt8]
        var hasStar: Bool
    }

    private var patterns: [Pattern] = []
    /// Server-sent events are among them.
    private let eventStreams: Bool

    init(_ options: FilterOptions, option: String, eventStreams: Bool) throws(ConfigurationError) {
        self.eventStreams = eventStreams
        for (index, word) in options.words(option).enumerated() {
            guard let pattern = Self.pattern(word) else {
                throw ConfigurationError(
                    "`\(word)` is no pattern of media types", option: option, value: index,
                    expected: "`text/html`, `text/*` or `application/*+json`",
                    help: word.contains(";") ? "leave the parameters out: they are not looked at" : nil)
            }
            patterns.append(pattern)
        }
    }

    private static func pattern(_ word: String) -> Pattern? {
        let bytes = word.utf8.map(\.asciiLowercased)
        if word == "*/*" { return Pattern(front: [], back: [], hasStar: true) }
        let halves = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isTokenCharacter) }), !halves[0].contains(UInt8(ascii: "*"))
        else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
        switch parts.count {
        case 1: return Pattern(front: bytes, back: [], hasStar: false)
        case 2: return Pattern(front: parts[0], back: parts[1], hasStar: true)
        default: return nil
        }
    }

    enum Kind {
        case plain, eventStream, other
    }

    /// Which kind the value `range` of a Content-Type is of; `.other` for one that matches no pattern, or whose parts must come as they are sent.
    func kind(_ bytes: Span<UInt8>, _ range: ByteRange) -> Kind {
        let type = TokenList.name(of: range, in: bytes)
        if bytes.matches(type, ignoringCase: "text/event-stream") { return eventStreams ? .eventStream : .other }
        guard matches(bytes, type) else { return .other }
        // A call of gRPC codes its messages itself; parts of a multipart stream replace each other, each at its time.
        if bytes.begins(type, ignoringCase: Self.grpc) || bytes.begins(type, ignoringCase: Self.multipart) { return .other }
        return .plain
    }

    private static let grpc = Array("application/grpc".utf8)
    private static let multipart = Array("multipart/".utf8)

    private func matches(_ bytes: Span<UInt8>, _ type: ByteRange) -> Bool {
        for pattern in patterns {
            let fixed = pattern.front.count + pattern.back.count
            guard pattern.hasStar ? Int(type.count) >= fixed : Int(type.count) == fixed else { continue }
            if bytes.begins(type, ignoringCase: pattern.front), bytes.ends(type, ignoringCase: pattern.back) { return true }
        }
        return false
    }
}

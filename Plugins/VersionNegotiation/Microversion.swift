import FilterAPI

/// A microversion, `2.27`: a point in the range that one version serves.
struct Microversion: BitwiseCopyable, Sendable, Comparable {
    var major: UInt32
    var minor: UInt32

    init(_ major: UInt32, _ minor: UInt32) {
        self.major = major
        self.minor = minor
    }

    /// Two numbers with a dot between them, without leading zeros.
    init?(_ bytes: Span<UInt8>, _ word: ByteRange) {
        var at = word.lower
        guard let major = Self.number(bytes, &at, word.upper), at < word.upper, bytes[at] == UInt8(ascii: ".") else { return nil }
        at &+= 1
        guard let minor = Self.number(bytes, &at, word.upper), at == word.upper else { return nil }
        self.init(major, minor)
    }

    private static func number(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) -> UInt32? {
        let start = at
        var number: UInt32 = 0
        while at < end, bytes[at].isDigit {
            guard at &- start < 9, at == start || bytes[start] != UInt8(ascii: "0") else { return nil }
            number = number &* 10 &+ UInt32(bytes[at] &- 0x30)
            at &+= 1
        }
        return at > start ? number : nil
    }

    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(bytes.span, ByteRange(start: 0, count: bytes.count))
    }

    var text: String { "\(major).\(minor)" }

    static func < (left: Microversion, right: Microversion) -> Bool {
        left.major == right.major ? left.minor < right.minor : left.major < right.major
    }
}

/// The microversions that a version serves: `2.1..2.96`, but for some.
struct MicroversionRange: Sendable {
    let lowest: Microversion
    let highest: Microversion
    let excluded: [Microversion]
    /// What holds for requests that name none.
    let standard: Microversion

    func contains(_ microversion: Microversion) -> Bool {
        microversion >= lowest && microversion <= highest && !excluded.contains(microversion)
    }

    init(_ attributes: OptionValues, _ text: String, at index: Int) throws(ConfigurationError) {
        func fault(_ message: String, _ help: String? = nil) -> ConfigurationError {
            ConfigurationError(message, option: "version", value: index, help: help)
        }
        guard let dots = text.firstRange(of: ".."), let lowest = Microversion(text[..<dots.lowerBound]), let highest = Microversion(text[dots.upperBound...])
        else { throw fault("`\(text)` is not a range of microversions", "a range is `microversions=2.1..2.96`") }
        guard lowest <= highest else { throw fault("the range `\(text)` ends before it begins") }
        var excluded: [Microversion] = []
        for word in attributes.words("except") {
            guard let microversion = Microversion(word), microversion > lowest, microversion < highest else {
                throw fault("`\(word)` is not a microversion between \(lowest.text) and \(highest.text)")
            }
            excluded.append(microversion)
        }
        self.lowest = lowest
        self.highest = highest
        self.excluded = excluded
        guard let word = attributes.word("default") else {
            standard = lowest
            return
        }
        guard let microversion = Microversion(word), microversion >= lowest, microversion <= highest, !excluded.contains(microversion) else {
            throw fault("the default `\(word)` is not one of the microversions \(text)")
        }
        standard = microversion
    }
}

/// The name of a field, looked up once: make it when the filter is made and keep it. Letter case does not matter (RFC 9110 §5.1).
public struct FieldName: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// `.unknown` for names that Sluice has no token for.
    public let token: FieldToken
    /// One object: a name that is copied counts one reference.
    private let text: Text

    private final class Text: Sendable {
        let spelling: [UInt8]
        /// With the colon and the space that stand behind it in a line.
        let prefix: [UInt8]
        let lowercased: [UInt8]

        init(_ spelling: [UInt8]) {
            self.spelling = spelling
            prefix = spelling + [0x3A, 0x20]
            lowercased = spelling.map(\.asciiLowercased)
        }
    }

    /// As it is written, when this program writes it.
    var spelling: [UInt8] {
        @inline(__always) get { text.spelling }
    }
    /// As it stands at the beginning of a line, with a colon and a space.
    var prefix: [UInt8] {
        @inline(__always) get { text.prefix }
    }
    private var lowercased: [UInt8] {
        @inline(__always) get { text.lowercased }
    }

    /// Nil if it is not a token (RFC 9110 §5.6.2) of at most 256 bytes.
    public init?(_ name: some StringProtocol) {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty, bytes.count <= 256, bytes.allSatisfy(\.isTokenCharacter) else { return nil }
        text = Text(bytes)
        token = FieldToken.named(bytes.span, ByteRange(start: 0, count: bytes.count))
    }

    /// Traps if the literal is not a field name: a mistake of the program.
    public init(stringLiteral name: String) {
        guard let made = FieldName(name) else { preconditionFailure("not a field name: \(name)") }
        self = made
    }

    public init(_ token: FieldToken) {
        precondition(token != .unknown)
        self.init(stringLiteral: "\(token.name)")
    }

    /// A name that an option gives for a field which a filter writes. Errors: no field name, Host, or a field of the connection or the
    /// framing, which the gateway writes itself.
    ///
    /// - Parameters:
    ///   - option: the option that holds it.
    ///   - value: which of its values, from 0; nil for all.
    public init(writable name: some StringProtocol, option: String, value: Int? = nil) throws(ConfigurationError) {
        guard let made = FieldName(name) else {
            throw ConfigurationError(
                "`\(name)` is not the name of a field", option: option, value: value, expected: "letters, digits and `-`")
        }
        switch made.token {
        case .connection, .contentLength, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade:
            throw ConfigurationError(
                "`\(name)` belongs to a connection, not to a message", option: option, value: value,
                help: "the gateway writes it itself, as framing and connection need it")
        case .host:
            throw ConfigurationError(
                "`\(name)` is not changed here", option: option, value: value, help: "the app's option `host` says what it gets")
        default: self = made
        }
    }

    public var description: String { String(decoding: spelling, as: UTF8.self) }

    public static func == (left: FieldName, right: FieldName) -> Bool { left.lowercased == right.lowercased }
    public func hash(into hasher: inout Hasher) { hasher.combine(lowercased) }

    /// Whether bytes `range` are this name.
    func matches(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool { bytes.matches(range, ignoringCase: lowercased) }

    /// Whether some app takes bytes `range` for this name: CGI, WSGI and their kin map `-`, `_` and more to one byte.
    func matchesAlias(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        Int(range.count) == lowercased.count && Self.beginsAlike(bytes, range, lowercased)
    }

    /// Whether the name in bytes `range` begins with `prefix`, which is in lower case, for some app.
    static func beginsAlike(_ bytes: Span<UInt8>, _ range: ByteRange, _ prefix: [UInt8]) -> Bool {
        guard Int(range.count) >= prefix.count else { return false }
        for index in prefix.indices {
            let byte = bytes[range.lower &+ index]
            let own = prefix[index]
            if byte.isAlphanumeric || own.isAlphanumeric {
                if byte.asciiLowercased != own { return false }
            }
        }
        return true
    }
}

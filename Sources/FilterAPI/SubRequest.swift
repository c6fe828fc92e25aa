/// A request that a filter makes of its own, to an `[app:NAME]` of the config (`RequestDecision.ask(_:_:then:)`). It has no body. The gateway
/// writes what belongs to a connection, `Host` (by the app's option `host`, as for the client's request) and what the app is told of the
/// client (`forwarded-fields`), so that a service sees where the client's request comes from.
///
/// One block of memory holds it: making one allocates once.
public struct SubRequest: Sendable {
    public let method: Method
    /// Bytes of the answer's body that are kept; a larger body is not read to its end.
    public let bodyLimit: Int
    /// The target, then field lines as they are sent.
    package private(set) var bytes: [UInt8] = []
    package private(set) var targetCount = 0

    /// Bytes of the answer's body that are kept if nothing else is said.
    public static var usualBodyLimit: Int { 64 * 1024 }

    /// - Parameters:
    ///   - method: GET, HEAD, POST or another that needs no body. The answer to one that is not idempotent is asked for once only.
    ///   - target: path and query, or the beginning of them. What may not stand in a target is percent-encoded, and a slash is put before
    ///     it where there is none. A path with dot segments, or with escaped separators where the app does not take them, is refused as the
    ///     client's would be: with 400.
    ///   - bodyLimit: bytes of the answer's body that are kept, at most 1 MiB.
    ///   - room: bytes that target and field lines will take, as far as that is known: more cost another allocation.
    public init(_ method: Method = .get, target: Span<UInt8>, bodyLimit: Int = usualBodyLimit, room: Int = 1024) {
        precondition(bodyLimit >= 0 && bodyLimit <= 1 << 20 && method != .other && method != .connect)
        self.method = method
        self.bodyLimit = bodyLimit
        bytes.reserveCapacity(max(room, target.count &+ 1))
        appendTarget(target)
    }

    public init(_ method: Method = .get, target: String, bodyLimit: Int = usualBodyLimit) {
        self.init(method, target: Array(target.utf8).span, bodyLimit: bodyLimit)
    }

    /// Adds bytes to the target. Traps behind the first field line.
    public mutating func appendTarget(_ target: Span<UInt8>) {
        precondition(bytes.count == targetCount, "the target stands before the fields")
        guard !target.isEmpty else { return }
        if bytes.isEmpty && target[0] != UInt8(ascii: "/") { bytes.append(UInt8(ascii: "/")) }
        bytes.append(target, escapingAllBut: \.isTargetCharacter)
        targetCount = bytes.count
    }

    /// An empty target is the root.
    package mutating func endTarget() {
        guard bytes.isEmpty else { return }
        bytes.append(UInt8(ascii: "/"))
        targetCount = 1
    }

    /// Adds a field line. Control bytes in the value become spaces. Fields that the gateway writes itself are left out.
    public mutating func append(_ name: FieldName, _ value: some StringProtocol) { append(name, bytes: Array(value.utf8).span) }

    /// The same without a string.
    public mutating func append(_ name: FieldName, bytes value: Span<UInt8>) {
        endTarget()
        guard !Self.writtenByGateway.contains(name.token) else { return }
        bytes.append(contentsOf: name.spelling)
        addValue(value)
    }

    /// Goes on with the value of the line that was added last. Traps without one.
    public mutating func appendToValue(_ value: Span<UInt8>) {
        precondition(bytes.count > targetCount, "there is no line yet")
        bytes.removeLast(2)
        addText(value)
        addLineEnd()
    }

    /// Adds every line with this name that the app would get, too: with its value as it stands.
    public mutating func copy(_ name: FieldName, from fields: borrowing Fields) {
        var index = fields.firstIndex(of: name)
        while let line = index {
            copy(lineAt: line, from: fields)
            index = fields.firstIndex(of: name, from: line + 1)
        }
    }

    /// Adds a line of the client's request. One that was removed, that the gateway writes itself, or by which a client could lie about where
    /// it comes from (X-Real-IP), is left out. Traps if the index is not below `fields.count`.
    public mutating func copy(lineAt index: Int, from fields: borrowing Fields) {
        endTarget()
        let line = fields.lines[index]
        guard fields.isPresent(at: index), !Self.writtenByGateway.contains(line.token),
            line.marks.contains(.added) || !TokenSet.forwarding.contains(line.token)
        else { return }
        for at in line.name.range { bytes.append(fields.bytes[at]) }
        addValue(fields.bytes.extracting(line.value.range))
    }

    private mutating func addValue(_ value: Span<UInt8>) {
        bytes.append(UInt8(ascii: ":"))
        bytes.append(0x20)
        addText(value)
        addLineEnd()
    }

    private mutating func addText(_ text: Span<UInt8>) {
        for index in text.indices { bytes.append(text[index].isFieldControl ? 0x20 : text[index]) }
    }

    private mutating func addLineEnd() {
        bytes.append(0x0D)
        bytes.append(0x0A)
    }

    /// What a connection, the framing and the app's options `host` and `forwarded-fields` decide.
    private static let writtenByGateway = TokenSet.hopByHop.adding(.host).adding(.contentLength).adding(.expect)
        .adding(.proxyAuthorization).adding(.forwarded).adding(.via).adding(.xForwardedFor).adding(.xForwardedHost).adding(.xForwardedProto)
}

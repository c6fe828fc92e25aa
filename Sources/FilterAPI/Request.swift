/// A request on its way through the pipeline. It lives as long as its exchange; filters borrow it.
///
/// Comfort: `path`, `query`, `fields["accept"]`. Speed: `pathRange`, `queryRange` and ranges of `fields`, all into `fields.bytes`.
public struct Request: ~Copyable {
    package var head = RequestHead()
    public var fields: Fields
    package var state: StateBlock
    /// The client, as far as trusted proxies tell; nil for a unix socket.
    public package(set) var clientAddress: IPAddress?
    /// Where the client had connected to, if a prologue on the connection says so (`PrologueFilter`).
    public package(set) var destination: ConnectionEnd?
    /// The client spoke TLS, as far as a trusted proxy tells (X-Forwarded-Proto); otherwise, whether it came over TLS.
    public package(set) var isHTTPS = false
    /// Of TLS on the connection to this gateway, `1.3` or `1.2`; nil where it is plain.
    public package(set) var tlsVersion: StaticString?
    /// The certificate that the client has shown to this gateway, as `Client-Cert` has it (RFC 9440 §2): base64 between colons. Nil for none.
    public package(set) var clientCertificate: [UInt8]?
    /// The peer is one of the listener's `trusted-proxies`: what it says of the client counts.
    public package(set) var isFromTrustedProxy = false
    /// The app that a filter chose; nil for the pipeline's own.
    package var chosenApp: Int?
    package var transforms: [any BodyTransform] = []
    /// Where the id of this exchange is in `fields.bytes`, such as the value of a field; empty without one. It stands in the access log, and
    /// other filters may pass it on. Setting it traps if the range is not inside.
    public var idRange = ByteRange.empty { didSet { precondition(idRange.upper <= fields.end, "an id outside of the message") } }
    /// Bytes of a body above which it is answered with 413; `UInt64.max` for no limit.
    package private(set) var maxBodyBytes = UInt64.max

    /// What filters say of their decisions; nil for a request that is served.
    package var explanation: Explanation?

    package init(table: consuming FieldTable, state: consuming StateBlock) {
        fields = Fields(table: table)
        self.state = state
    }

    /// Makes it as new; buffers go back to their pools.
    package mutating func reset() {
        head = RequestHead()
        fields.removeAll()
        state.reset()
        clientAddress = nil
        if destination != nil { destination = nil }
        if tlsVersion != nil {
            tlsVersion = nil
            clientCertificate = nil
        }
        idRange = .empty
        chosenApp = nil
        if !transforms.isEmpty { transforms = [] }
        maxBodyBytes = .max
        if explanation != nil { explanation = nil }
    }

    // MARK: What it is

    public var method: Method { head.method }
    /// The method as sent.
    public var methodText: String { fields.bytes.text(head.methodName) }
    /// Where the method as sent is in `fields.bytes`.
    public var methodRange: ByteRange { head.methodName }
    public var version: HTTPVersion { head.version }
    /// `OPTIONS *`, which is about the server as a whole.
    public var isAsterisk: Bool { head.form == .asterisk }
    /// Bytes of the body, where the client says so; 0 without one, nil for a chunked one.
    public var contentLength: UInt64? {
        switch head.framing {
        case .none: 0
        case .length(let length): length
        case .chunked, .untilClose: nil
        }
    }
    /// It has a body, if perhaps an empty one.
    public var hasBody: Bool { head.framing != .none }
    /// It asks for another protocol, such as a WebSocket.
    public var asksUpgrade: Bool { head.connection.contains(.upgrade) }

    /// The host that it is for, with a port if one was sent: Host, or the authority of an absolute target. Empty only for HTTP/1.0.
    /// Setting it changes what the app gets where the app's `host` is `preserve`, not the route that was taken.
    public var authority: String {
        get { fields.bytes.text(head.authority) }
        set {
            let bytes = Array(newValue.utf8.filter { $0 > 0x20 && $0 != 0x7F })
            if let range = fields.store(bytes.span) { head.authority = range }
        }
    }

    /// Where the authority is in `fields.bytes`.
    public var authorityRange: ByteRange { head.authority }

    // MARK: The target

    /// The path as it stands now, not decoded: the routes on the way may have taken a prefix off. `*` for `OPTIONS *`. Setting it replaces
    /// all of it; what may not stand in a path is percent-encoded, and it begins with one slash.
    public var path: String {
        get { head.path.isEmpty ? "/" : fields.bytes.text(head.path) }
        set { setPath(Array(newValue.utf8)) }
    }

    /// Where the path is in `fields.bytes`; empty stands for `/`.
    public var pathRange: ByteRange { head.path }

    /// What stands behind the `?`; nil without one.
    public var query: String? {
        get { head.query.isEmpty ? nil : fields.bytes.text(ByteRange(start: head.query.lower + 1, count: Int(head.query.count) - 1)) }
        set {
            guard let newValue else {
                head.query = .empty
                return
            }
            var bytes = [UInt8(ascii: "?")]
            bytes.append(Array(newValue.utf8).span, escapingAllBut: \.isQueryCharacter)
            if let range = fields.store(bytes.span) { head.query = range }
        }
    }

    /// Where the query with its `?` is in `fields.bytes`; empty without one.
    public var queryRange: ByteRange { head.query }

    /// The target as the client sent it, whatever has been rewritten since.
    public var originalTarget: String { fields.bytes.text(head.target) }

    /// Where the target as sent is in `fields.bytes`: a path with or without a query, a URL, or `*`.
    public var originalTargetRange: ByteRange { head.target }

    /// Where the path and query that the client sent are in `fields.bytes`, whatever has been rewritten since; as every path here it begins
    /// with one slash, however many were sent. Of an absolute target without a path it is empty or begins with `?`.
    public var originalPathAndQueryRange: ByteRange {
        var start = head.target.lower
        let end = head.target.upper
        guard start < end, fields.bytes[start] != UInt8(ascii: "/"), fields.bytes[start] != UInt8(ascii: "*") else {
            return beginningWithOneSlash(head.target)
        }
        // Absolute: behind `http://` or `https://` and the authority.
        start = min(end, start &+ (head.schemeIsHTTPS ? 8 : 7))
        while start < end, fields.bytes[start] != UInt8(ascii: "/"), fields.bytes[start] != UInt8(ascii: "?") { start &+= 1 }
        return beginningWithOneSlash(ByteRange(start: start, count: end &- start))
    }

    /// No app gets a path with more of them, as it might take `//x/y` for the path `/y` of a host `x`: so nobody is to decide by such a path.
    private func beginningWithOneSlash(_ path: ByteRange) -> ByteRange {
        let bytes = fields.bytes
        var start = path.lower
        while start &+ 1 < path.upper, bytes[start] == UInt8(ascii: "/"), bytes[start &+ 1] == UInt8(ascii: "/") { start &+= 1 }
        return ByteRange(start: start, count: path.upper &- start)
    }

    private mutating func setPath(_ path: [UInt8]) {
        var bytes: [UInt8] = []
        bytes.append(path.span, escapingAllBut: \.isPathCharacter)
        while bytes.first == UInt8(ascii: "/") { bytes.removeFirst() }
        bytes.insert(UInt8(ascii: "/"), at: 0)
        guard let range = fields.store(bytes.span) else { return }
        head.path = range
        head.form = .origin
    }

    /// Puts `prefix` in place of the first bytes of the path, without a string being made. What is left must begin with a slash or be empty,
    /// and `prefix` must hold only what may stand in a path; an empty path means `/`. Of several slashes at the beginning one stays.
    ///
    /// - Parameter count: bytes that are taken off; at most the length of the path.
    public mutating func replacePathPrefix(_ count: Int, with prefix: Span<UInt8>) {
        precondition(count >= 0 && count <= Int(head.path.count))
        guard !isAsterisk else { return }
        let rest = ByteRange(start: head.path.lower &+ count, count: Int(head.path.count) &- count)
        head.form = .origin
        if prefix.isEmpty {
            head.path = beginningWithOneSlash(rest)
            return
        }
        guard fields.makeRoom(prefix.count &+ Int(rest.count)), let start = fields.store(prefix), fields.store(rest) != nil else { return }
        head.path = ByteRange(start: start.lower, count: prefix.count &+ Int(rest.count))
    }

    // MARK: Where it goes

    /// Sends it to another app than the pipeline's.
    public mutating func send(to app: AppReference) { chosenApp = app.index }

    // MARK: Its body

    /// Lets no larger body through: one that says so is answered with 413 at once, another when it has grown above it. The smallest limit
    /// counts.
    public mutating func limitBody(to bytes: UInt64) { maxBodyBytes = min(maxBodyBytes, bytes) }

    /// Runs the body through `transform`, behind those that were asked for before. The app gets it chunked: its length is not known. Without
    /// a body nothing happens.
    public mutating func transformBody(with transform: any BodyTransform) {
        if hasBody { transforms.append(transform) } else { transform.abandon() }
    }

    // MARK: State

    /// What a filter remembers for this exchange. Zeroed at its beginning.
    public subscript<Value: BitwiseCopyable>(slot: StateSlot<Value>) -> Value {
        get { state[slot] }
        set { state[slot] = newValue }
    }

    public subscript<Value: AnyObject>(slot: ObjectSlot<Value>) -> Value? {
        get { state[slot] }
        set { state[slot] = newValue }
    }
}

/// An app of the config, looked up when a filter is made.
public struct AppReference: Sendable, Hashable {
    package let index: Int
    package init(index: Int) { self.index = index }
}

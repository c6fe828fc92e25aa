/// A response on its way back through the pipeline: the app's, or a reply of a filter or of the gateway itself.
public struct Response: ~Copyable {
    package var head = ResponseHead()
    public var fields: Fields
    /// Why the gateway or a filter made it; nil for the app's own.
    public package(set) var reason: StaticString?
    /// It answers HEAD.
    package var answersHead = false
    package var transforms: [any BodyTransform] = []
    /// A transform changes the length of the body, or would if there was one (HEAD).
    package private(set) var lengthChanges = false
    /// Bytes of a body that was there as a whole before the filters saw its head, although the app did not say how long it would be.
    package var wholeLength: UInt64?

    /// Bytes of a body that filters can wait for (`LengthAwaitingFilter`).
    public static let mostAwaitedBytes = 16 * 1024

    /// The most bytes that the body may have as the app sends it.
    package private(set) var maxBodyBytes = UInt64.max

    package init(table: consuming FieldTable) { fields = Fields(table: table) }

    /// Makes it as new; buffers go back to their pools.
    package mutating func reset() {
        head = ResponseHead()
        fields.removeAll()
        reason = nil
        answersHead = false
        lengthChanges = false
        wholeLength = nil
        maxBodyBytes = .max
        if !transforms.isEmpty { transforms = [] }
    }

    /// 200 to 599, or 101. A status that means another framing (204, 205, 304) cannot be set, and what has one keeps it.
    public var status: UInt16 {
        get { head.status }
        set {
            func isBodiless(_ status: UInt16) -> Bool { status < 200 || status == 204 || status == 205 || status == 304 }
            guard newValue <= 599, !isBodiless(newValue), !isBodiless(head.status) else { return }
            if newValue != head.status { head.reasonPhrase = .empty }
            head.status = newValue
        }
    }

    /// The gateway or a filter made it.
    public var isReply: Bool { reason != nil }

    /// It has a body that the client will get: not in answer to HEAD, not with 1xx, 204 and 304.
    public var hasBody: Bool {
        head.framing != .none && !answersHead && head.status >= 200 && head.status != 204 && head.status != 304
    }

    /// The body is sent without saying how long it will be: in chunks, or until the connection ends.
    package var hasOpenEnd: Bool { hasBody && (head.framing == .chunked || head.framing == .untilClose) }

    /// Bytes of the body, where they are known: the app says so, or the body came to its end while a filter waited for it
    /// (`LengthAwaitingFilter`). Nil also where another filter transforms it.
    public var contentLength: UInt64? {
        guard transforms.isEmpty else { return nil }
        switch head.framing {
        case .length(let length): return length
        case .none: return 0
        case .chunked, .untilClose: return wholeLength
        }
    }

    /// Has the gateway break off a body that becomes longer than this, as the app sends it: before transforms, without framing. One whose
    /// length is known to be larger is answered with 502 instead. A lower limit of another filter stays.
    public mutating func limitBody(to bytes: UInt64) { maxBodyBytes = min(maxBodyBytes, bytes) }

    /// Runs the body through `transform`, behind those that were asked for before. The gateway sees to the framing: the length is unknown from
    /// now on. In answer to HEAD only the head changes accordingly; without a body (1xx, 204, 304) and on a reply nothing happens.
    ///
    /// - Returns: whether the transform will be called.
    @discardableResult
    public mutating func transformBody(with transform: any BodyTransform) -> Bool {
        guard !isReply, head.status >= 200, head.status != 204, head.status != 304 else {
            transform.abandon()
            return false
        }
        lengthChanges = true
        guard hasBody else {
            transform.abandon()
            return false
        }
        transforms.append(transform)
        return true
    }
}

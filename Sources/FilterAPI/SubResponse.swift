/// An app's answer to a `SubRequest`. Interim responses (1xx) are passed over.
public struct SubResponse: ~Copyable {
    package var head = ResponseHead()
    /// Its fields, to be read.
    public package(set) var fields: Fields
    /// What became of the body.
    public package(set) var bodyState = BodyState.whole
    package var keptBody = OutputBuffer()

    public enum BodyState: Sendable {
        /// `body` is all of it.
        case whole
        /// It is larger than the request's `bodyLimit`. It was not read to its end.
        case tooLarge
        /// The app broke it off, took too long over it, or framed it wrongly.
        case brokenOff
    }

    package init(table: consuming FieldTable) { fields = Fields(table: table) }

    /// 200 to 599.
    public var status: UInt16 { head.status }

    /// The body where it is whole; else empty.
    public var body: Span<UInt8> {
        @_lifetime(borrow self)
        get { bodyState == .whole ? keptBody.readable : keptBody.readable.extracting(first: 0) }
    }

    /// Makes it as new; buffers go back to their pools.
    package mutating func reset() {
        head = ResponseHead()
        fields.removeAll()
        bodyState = .whole
        if keptBody.isAttached { keptBody.detach() }
    }
}

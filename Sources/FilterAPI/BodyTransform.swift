/// A stage in one body's stream, such as a coder. It exists only on bodies that asked for it (`transformBody`), and lives as long as the
/// body.
public protocol BodyTransform: AnyObject {
    /// Takes input and writes output, as much as it likes of either. It is called only when there is new input or a mark to reach, and room
    /// in `output`: so back-pressure needs no code, and memory stays bounded.
    ///
    /// - Parameters:
    ///   - input: bytes of the body that have not been consumed; may be empty when there is a mark to reach.
    ///   - mark: what stands behind the last byte of `input`.
    ///   - output: where the transformed bytes go; it has room for at least one byte, usually for thousands.
    func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep

    /// The body ended early: the client or the app went away, or another stage failed. Nothing is called after it.
    func abandon()
}

extension BodyTransform {
    public func abandon() {}
}

/// What stands behind the input of a transform.
public enum BodyMark: Sendable {
    /// More may come.
    case more
    /// The sender has paused: whatever was taken so far should come out (server-sent events, long polling). The transform answers
    /// `wantsInput` when all of it is out.
    case flush
    /// The body ends here. The transform answers `finished` when all of it is out.
    case end
}

/// What a transform did.
public struct BodyStep: Sendable {
    /// Bytes taken from the front of the input.
    public var consumed: Int
    public var next: Next

    public enum Next: Sendable {
        /// All input is consumed, and a `.flush` is reached. No answer to `.end`.
        case wantsInput
        /// It has more to write than there was room.
        case wantsRoom
        /// Nothing more will come out; the rest of the input is thrown away. Before the end of the body this ends it early.
        case finished
        /// The body cannot be transformed; the exchange is broken off.
        case failed
    }

    public init(consumed: Int, _ next: Next) {
        self.consumed = consumed
        self.next = next
    }
}

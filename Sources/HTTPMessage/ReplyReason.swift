/// Why a filter answered by itself: the filter's own counterpart of `Reason`, declared by its plug-in as a constant. Its code stands in
/// `Gateway-Reason`, in the problem body (RFC 9457), in the access log and in metrics; `sluice why CODE` explains it.
public struct ReplyReason: Sendable, CustomStringConvertible {
    /// Lower-case words with dots, the filter's area first: `limit.rate`.
    public let code: StaticString
    /// One sentence for whoever gets the answer, without a full stop. Nothing in it needs escaping in JSON.
    public let title: StaticString
    public let explanation: ReasonExplanation

    /// - Parameters:
    ///   - fault: where to look first.
    ///   - happened: what happened, and what the gateway did; for the operator.
    ///   - advice: what to do about it.
    public init(
        _ code: StaticString, _ title: StaticString, fault: ReasonExplanation.Fault, happened: StaticString, advice: StaticString
    ) {
        self.code = code
        self.title = title
        explanation = ReasonExplanation(fault, happened, advice)
    }

    public var description: String { "\(code)" }
}

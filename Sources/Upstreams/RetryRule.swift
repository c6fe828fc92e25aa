/// Whether a failed attempt is made again. The one place where that is decided.
///
/// A request that may have reached the app is never sent twice, unless its method is idempotent and the operator allows it. It cannot
/// have reached the app while the kernel has accepted none of its bytes.
public enum RetryRule {
    /// - Parameters:
    ///   - failure: how far the attempt had come.
    ///   - connectionWasReused: the connection had served an exchange before. Never true after `.retryFresh`.
    ///   - bytesAccepted: bytes of the request that the kernel took on this connection.
    ///   - methodIsIdempotent: RFC 9110 §9.2.2: GET, HEAD, OPTIONS, TRACE, PUT, DELETE. An unknown method is not.
    ///   - bodyIsReplayable: all that was read of the request's body is still at hand, or it has none.
    ///   - triesSoFar: attempts made, this one included; at least 1.
    public static func decide(
        failure: FailurePoint, connectionWasReused: Bool, bytesAccepted: Int, methodIsIdempotent: Bool, bodyIsReplayable: Bool,
        triesSoFar: Int, allowed: RetryAllowance
    ) -> RetryDecision {
        guard bodyIsReplayable, failure != .responding else { return .giveUp }
        let mayHaveReachedApp = bytesAccepted > 0
        // A dead idle connection is no fault of the request: it costs no try of an operator who allows only one.
        if failure == .awaitingResponse, connectionWasReused, triesSoFar < max(allowed.tries, 2) {
            return !mayHaveReachedApp || methodIsIdempotent && allowed.resending != .never ? .retryFresh : .giveUp
        }
        guard triesSoFar < allowed.tries else { return .giveUp }
        if mayHaveReachedApp, !(methodIsIdempotent && allowed.resending == .always) { return .giveUp }
        return .retryOtherServer
    }
}

/// Whether an attempt that failed before one byte of a response is made again. The one place where that is decided; an attempt for which
/// no connection was made reached nobody, and goes on to the next server while tries are left.
///
/// A request that may have reached the app is never sent twice, unless its method is idempotent and the operator allows it. It cannot
/// have reached the app while the kernel has accepted none of its bytes.
public enum RetryRule {
    /// - Parameters:
    ///   - connectionWasReused: the connection had served an exchange before. Never true after `.retryFresh`.
    ///   - bytesAccepted: bytes of the request that the kernel took on this connection.
    ///   - methodIsIdempotent: RFC 9110 §9.2.2: GET, HEAD, OPTIONS, TRACE, PUT, DELETE. An unknown method is not.
    ///   - bodyIsReplayable: all that was read of the request's body is still at hand, or it has none.
    ///   - triesSoFar: attempts made, this one included; at least 1.
    public static func decide(
        connectionWasReused: Bool, bytesAccepted: Int, methodIsIdempotent: Bool, bodyIsReplayable: Bool, triesSoFar: Int,
        allowed: RetryAllowance
    ) -> RetryDecision {
        guard bodyIsReplayable else { return .giveUp }
        let mayHaveReachedApp = bytesAccepted > 0
        // A dead idle connection is no fault of the request: it costs no try of an operator who allows only one.
        if connectionWasReused, triesSoFar < max(allowed.tries, 2) {
            return !mayHaveReachedApp || methodIsIdempotent && allowed.resendsIdempotent ? .retryFresh : .giveUp
        }
        // A fresh connection failed: the request may be what breaks the app, and would break the next server too.
        return !mayHaveReachedApp && triesSoFar < allowed.tries ? .retryOtherServer : .giveUp
    }
}

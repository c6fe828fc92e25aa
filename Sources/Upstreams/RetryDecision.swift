/// What to do after an attempt failed.
public enum RetryDecision: Sendable, Equatable {
    /// Once more, on a new connection, to any server (`UpstreamPool.replace`).
    case retryFresh
    /// Once more, to a server that has not been tried (`UpstreamPool.replace`, this one excluded).
    case retryOtherServer
    /// Answer with an error.
    case giveUp
}

import Glibc

/// Why a name has no addresses.
public enum ResolveFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no such name, or it has no address, or it is none that could be asked for.
    case unknownName
    /// The name servers could not be asked; the next time may go better.
    case temporary
    /// No answer in time. The look-up goes on; its answer serves who asks next.
    case timedOut
    /// The resolver was stopped.
    case stopped
    /// Anything else, with `getaddrinfo`'s code.
    case failed(code: Int32)

    public var description: String {
        switch self {
        case .unknownName: "no such name"
        case .temporary: "the name servers do not answer"
        case .timedOut: "the name servers did not answer in time"
        case .stopped: "the resolver was stopped"
        case .failed(let code): unsafe String(cString: gai_strerror(code))
        }
    }
}

/// How many exchanges ended with a status of each class.
public struct StatusClassCounts: Sendable, Equatable {
    /// The exchange had no status.
    public private(set) var none: UInt64 = 0
    /// 1xx: switched to a tunnel.
    public private(set) var informational: UInt64 = 0
    public private(set) var successful: UInt64 = 0
    public private(set) var redirection: UInt64 = 0
    public private(set) var clientError: UInt64 = 0
    /// 5xx and above.
    public private(set) var serverError: UInt64 = 0

    public init() {}

    mutating func add(_ status: UInt16) {
        switch status {
        case ..<100: none &+= 1
        case ..<200: informational &+= 1
        case ..<300: successful &+= 1
        case ..<400: redirection &+= 1
        case ..<500: clientError &+= 1
        default: serverError &+= 1
        }
    }

    mutating func add(_ other: StatusClassCounts) {
        none &+= other.none
        informational &+= other.informational
        successful &+= other.successful
        redirection &+= other.redirection
        clientError &+= other.clientError
        serverError &+= other.serverError
    }
}

import Glibc

/// A system call that failed: its name and `errno`.
public struct SystemError: Error, Sendable, CustomStringConvertible {
    public let call: StaticString
    public let code: Int32

    /// Takes `errno` as it is now.
    public init(call: StaticString) {
        self.call = call
        code = errno
    }

    public init(call: StaticString, code: Int32) {
        self.call = call
        self.code = code
    }

    public var description: String {
        let text = unsafe String(cString: strerror(code))
        return "\(call): \(text)"
    }
}

extension SystemError {
    /// The process or the system has no descriptors or no memory left.
    public var isShortage: Bool { code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM }
    /// The process has as many descriptors as it may have.
    public var isProcessLimit: Bool { code == EMFILE }
    /// The system has as many open files as it may have.
    public var isSystemLimit: Bool { code == ENFILE }

    /// The peer is there and does not want the connection, or nobody listens.
    public static func isRefusal(_ code: Int32) -> Bool { code == ECONNREFUSED || code == ENOENT || code == ECONNRESET }
    public static func isTimeout(_ code: Int32) -> Bool { code == ETIMEDOUT }
    public static func isReset(_ code: Int32) -> Bool { code == ECONNRESET || code == EPIPE }
}

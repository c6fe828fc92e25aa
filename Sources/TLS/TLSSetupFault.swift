import COpenSSL

/// Why a context or a connection could not be made.
public struct TLSSetupFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// In words, with the remedy where there is one.
    public let description: String

    public init(_ description: String) { self.description = description }

    /// With what OpenSSL's error queue says.
    static func fromOpenSSL(_ text: String) -> TLSSetupFault {
        let error = ERR_get_error()
        ERR_clear_error()
        guard error != 0, let reason = unsafe ERR_reason_error_string(error) else { return TLSSetupFault(text) }
        return TLSSetupFault("\(text): \(unsafe String(cString: reason))")
    }
}

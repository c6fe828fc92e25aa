import COpenSSL

/// What TLS connections are made of: those of a listener, or those to an app. Immutable once made, so all loops may share it.
public class TLSContext: @unchecked Sendable {
    // @unchecked: subclasses set everything in `init`; OpenSSL counts references to its contexts atomically.

    /// Entries have different rules about client certificates.
    final let hasSeveralRules: Bool

    init(hasSeveralRules: Bool = false) { self.hasSeveralRules = hasSeveralRules }
}

/// An `SSL_CTX` and its owner.
@safe
final class TLSTemplate {
    let pointer: OpaquePointer

    /// Errors: what this OpenSSL does not have.
    init(_ method: OpaquePointer?, _ policy: TLSPolicy) throws(TLSSetupFault) {
        guard let pointer = unsafe SSL_CTX_new(method) else { throw TLSSetupFault.fromOpenSSL("no TLS context can be made") }
        unsafe self.pointer = pointer
        unsafe try policy.apply(to: pointer)
        unsafe SSL_CTX_set_info_callback(pointer, TLSConnection.stepTaken)
    }

    deinit { unsafe SSL_CTX_free(pointer) }
}

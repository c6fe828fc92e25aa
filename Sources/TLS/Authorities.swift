import COpenSSL

/// Those who sign the peers' certificates, of a file: read once and whole, so that connections are checked by the same bytes that their sessions are
/// bound to, whatever becomes of the file meanwhile.
@safe
public final class Authorities: @unchecked Sendable {
    // @unchecked: nothing changes it; OpenSSL locks its stores, and counts references atomically.
    public let path: String
    /// The digest of the file's bytes.
    private let content: [UInt8]
    /// `X509_STORE *`
    private let store: OpaquePointer
    /// `STACK_OF(X509_NAME) *`: clients are told them, to choose a certificate by.
    private let names: OpaquePointer

    private static let mostBytes = 1 << 20

    /// Reads the file: PEM, one or more certificates; at most 1 MiB. Blocks as long as the file system does.
    public static func load(_ path: String) throws(CertificateFault) -> Authorities { try Authorities(read(path), path) }

    /// Reads the file again: others, or these if it holds what it held.
    public func reloaded() throws(CertificateFault) -> Authorities {
        let file = try Self.read(path)
        return file.digest == content ? self : try Authorities(file, path)
    }

    private static func read(_ path: String) throws(CertificateFault) -> FileBytes {
        do throws(FileBytes.Failure) {
            return try FileBytes(path, upTo: mostBytes)
        } catch {
            throw CertificateFault(error, path, remedy: "give the file with the certificates of those who sign the peers', readable to the gateway")
        }
    }

    private init(_ file: borrowing FileBytes, _ path: String) throws(CertificateFault) {
        var store: OpaquePointer?
        var names: OpaquePointer?
        var found: Int32 = 0
        let result = unsafe file.withBytes { unsafe sluice_authorities_read($0, $1, &store, &names, &found) }
        guard let store = unsafe store, let names = unsafe names else {
            throw Int(result) == SLUICE_PEM_NONE ? .noCertificate(in: file, path) : .malformedCertificate(Int(found) + 1, path)
        }
        unsafe self.store = store
        unsafe self.names = names
        self.path = path
        content = file.digest
    }

    deinit { unsafe sluice_authorities_free(store, names) }

    /// Where this is the same, the same bytes of the same file say who signs.
    var identity: [UInt8] { Array(path.utf8) + [0] + content }

    /// Has the peers of an `SSL_CTX *` checked by them.
    ///
    /// - Parameter areSaid: clients are told who signs.
    func install(in context: OpaquePointer, areSaid: Bool) throws(TLSSetupFault) {
        guard unsafe sluice_authorities_install(store, areSaid ? names : nil, context) == 0 else {
            throw TLSSetupFault.fromOpenSSL("no TLS context can be made")
        }
    }
}

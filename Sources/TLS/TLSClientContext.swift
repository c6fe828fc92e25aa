import COpenSSL

/// How the certificate of an app's server is checked.
public enum ServerTrust: Sendable, Equatable {
    /// By the system's store of authorities.
    case system
    /// By the authorities of a PEM file.
    case authorities(path: String)
    /// Not at all: whoever answers at the address is taken for the app.
    case anyone
}

/// A certificate of the gateway's own, for apps that ask for one: paths of PEM files, the chain and the key.
public struct ClientIdentity: Sendable, Equatable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// The certificate and key of an identity, as their files are now. Apps have their own rules of what else they must be.
private struct OwnCertificate {
    private let chain: CertificateChain
    private let key: PrivateKey

    init(_ identity: ClientIdentity) throws(CertificateFault) {
        let files = try PairFiles(certificate: identity.certificate, key: identity.key)
        chain = try CertificateChain(files.certificates, files.path)
        key = try PrivateKey(files.key, files.keyPath)
        try chain.checkKey(key, files.keyPath)
    }

    func install(in context: OpaquePointer) throws(TLSSetupFault) {
        let others: [OpaquePointer?] = unsafe chain.certificates.dropFirst().map { unsafe $0.pointer }
        guard let issuers = unsafe sluice_chain_make(others, Int32(others.count)) else { throw TLSSetupFault("\(CertificateFault.noMemory(chain.path))") }
        defer { unsafe sluice_chain_free(issuers) }
        guard unsafe SSL_CTX_use_cert_and_key(context, chain.certificates[0].pointer, key.pointer, issuers, 1) == 1 else {
            throw TLSSetupFault.fromOpenSSL("the certificate in `\(chain.path)` cannot be used")
        }
    }
}

/// What the TLS connections to an app's servers are made of. Immutable.
@safe
public final class TLSClientContext: TLSContext, @unchecked Sendable {
    // @unchecked: see TLSContext.
    private let template: TLSTemplate
    private let verifies: Bool

    /// Errors: a file that cannot be read, named; what OpenSSL does not have.
    ///
    /// - Parameter protocols: application protocols (ALPN) in the order of preference.
    public init(policy: TLSPolicy = .intermediate, trust: ServerTrust, identity: ClientIdentity? = nil, protocols: [String]) throws(TLSSetupFault) {
        template = unsafe try TLSTemplate(TLS_client_method(), policy)
        let context = unsafe template.pointer
        verifies = trust != .anyone
        switch trust {
        case .anyone: break
        case .system:
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else { throw TLSSetupFault.fromOpenSSL("the system's certificate authorities cannot be read") }
        case .authorities(let path):
            unsafe try Self.naming { () throws(CertificateFault) in try Authorities.load(path) }.install(in: context, areSaid: false)
        }
        unsafe SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if let identity { unsafe try Self.naming { () throws(CertificateFault) in try OwnCertificate(identity) }.install(in: context) }
        let list = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        // Unlike all others, this function returns 0 when all is well.
        guard unsafe SSL_CTX_set_alpn_protos(context, list, UInt32(list.count)) == 0 else { throw TLSSetupFault.fromOpenSSL("no TLS context can be made") }
        unsafe sluice_tls_set_session_cache(context, 1)
        super.init()
        unsafe SSL_CTX_sess_set_new_cb(context, Self.sessionCame)
    }

    /// Has errors say what is wrong with a file, and what to do.
    private static func naming<Value>(_ read: () throws(CertificateFault) -> Value) throws(TLSSetupFault) -> Value {
        do throws(CertificateFault) {
            return try read()
        } catch {
            throw TLSSetupFault("\(error)")
        }
    }

    /// Begins a connection to a server. Errors: OpenSSL has no memory; `name` cannot be a name.
    ///
    /// - Parameters:
    ///   - name: whom the certificate must name, a host name or an IP address. A host name is also sent (SNI).
    ///   - sessions: where sessions of this server are kept; the connection goes on with one that is there.
    public func connect(descriptor: Int32, to name: String, sessions: TLSSessions, workspace: TLSWorkspace) throws(TLSSetupFault) -> TLSConnection {
        let connection = unsafe try TLSConnection(self, template: template.pointer, descriptor: descriptor, workspace: workspace, isClient: true)
        let ssl = unsafe connection.ssl
        connection.sessions = sessions
        unsafe SSL_set_ex_data(ssl, TLSConnection.index, Unmanaged.passUnretained(connection).toOpaque())
        let isAddress = unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1
        ERR_clear_error()
        if !isAddress {
            // A subject's common name is no host name (RFC 9525 §2).
            unsafe SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
            guard unsafe SSL_set1_host(ssl, name) == 1, unsafe sluice_tls_set_server_name(ssl, name) == 1 else {
                throw TLSSetupFault.fromOpenSSL("`\(name)` cannot be the name of a TLS server")
            }
        }
        if let session = unsafe sessions.session { unsafe SSL_set_session(ssl, session) }
        return connection
    }

    /// A server has sent a session that may be gone on with.
    private static let sessionCame: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = { ssl, session in
        guard let ssl = unsafe ssl, let session = unsafe session, let connection = unsafe TLSConnection.of(ssl), let sessions = connection.sessions else { return 0 }
        unsafe sessions.take(session)
        return 1
    }
}

/// The last session of one server, on one loop.
@safe
public final class TLSSessions {
    private(set) var session: OpaquePointer?

    public init() {}

    deinit { unsafe SSL_SESSION_free(session) }

    /// Takes over a reference.
    func take(_ fresh: OpaquePointer) {
        unsafe SSL_SESSION_free(session)
        unsafe session = fresh
    }
}

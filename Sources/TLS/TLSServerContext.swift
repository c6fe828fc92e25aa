import COpenSSL

/// Whether clients show certificates, and who must have signed them.
public enum ClientCertificateRule: Sendable {
    case none
    /// A client that shows one must have a good one.
    case optional(Authorities)
    case required(Authorities)

    var authorities: Authorities? {
        switch self {
        case .none: nil
        case .optional(let authorities), .required(let authorities): authorities
        }
    }

    /// What is the same for two entries whose sessions and connections may serve one another.
    var identity: [UInt8] {
        switch self {
        case .none: Array("none".utf8)
        case .optional(let authorities): Array("optional ".utf8) + authorities.identity
        case .required(let authorities): Array("required ".utf8) + authorities.identity
        }
    }
}

/// What a listener's TLS connections are made of: its certificates, by server name, and the rules. Immutable: new certificates make a new one,
/// and connections keep theirs.
@safe
public final class TLSServerContext: TLSContext, @unchecked Sendable {
    // @unchecked: see TLSContext.

    /// What is served under some names.
    @safe
    public struct Entry {
        /// Puts certificates and keys into a context.
        var install: (OpaquePointer) throws(TLSSetupFault) -> Void
        var rule: ClientCertificateRule

        public init(rule: ClientCertificateRule = .none, install: @escaping (OpaquePointer) throws(TLSSetupFault) -> Void) {
            unsafe self.install = install
            self.rule = rule
        }
    }

    /// The entry for a server name (as the client sent it; nil for none); nil refuses the client.
    public typealias Choice = @Sendable (UnsafeBufferPointer<UInt8>?) -> Int?

    private let templates: [TLSTemplate]
    private let rules: [ClientCertificateRule]
    /// What sessions, and connections for several hosts, may not pass from one to another.
    private let identities: [[UInt8]]
    private let choose: Choice
    /// What a host counts for that no certificate names.
    private let defaultEntry: Int
    private let keyLog: KeyLog?

    /// Errors: what is wrong with an entry, or what OpenSSL does not have.
    ///
    /// - Parameters:
    ///   - entries: at least one; the first one's context is what connections begin with.
    public init(
        policy: TLSPolicy, entries: [Entry], defaultEntry: Int = 0, keyLog: KeyLog? = nil, choose: @escaping Choice
    ) throws(TLSSetupFault) {
        self.defaultEntry = defaultEntry
        self.keyLog = keyLog
        precondition(!entries.isEmpty)
        rules = entries.map(\.rule)
        let identities = entries.map(\.rule.identity)
        self.identities = identities
        unsafe self.choose = choose
        var templates: [TLSTemplate] = []
        for entry in entries {
            let template = unsafe try TLSTemplate(TLS_server_method(), policy)
            unsafe try Self.apply(entry, to: template.pointer)
            templates.append(template)
        }
        self.templates = templates
        super.init(hasSeveralRules: identities.contains { $0 != identities[0] })
        for template in templates {
            unsafe SSL_CTX_set_alpn_select_cb(template.pointer, Self.selectProtocol, nil)
            if keyLog != nil { unsafe SSL_CTX_set_keylog_callback(template.pointer, Self.secretCame) }
            unsafe SSL_CTX_set_client_hello_cb(template.pointer, Self.helloCame, Unmanaged.passUnretained(self).toOpaque())
        }
    }

    private static func apply(_ entry: Entry, to template: OpaquePointer) throws(TLSSetupFault) {
        try unsafe entry.install(template)
        unsafe sluice_tls_set_session_cache(template, 0)
        // One ticket a handshake: each costs a signature's worth of hashing, and a client that resumes gets another.
        guard unsafe SSL_CTX_set_num_tickets(template, 1) == 1 else { throw TLSSetupFault.fromOpenSSL("no TLS context can be made") }
        // A session belongs to the rule under which it began, so that no other entry takes it for its own (nginx CVE-2025-23419).
        var identity = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        let rule = entry.rule.identity
        unsafe SHA256(rule, rule.count, &identity)
        guard unsafe SSL_CTX_set_session_id_context(template, identity, UInt32(identity.count)) == 1 else {
            throw TLSSetupFault.fromOpenSSL("no TLS context can be made")
        }
        unsafe try entry.rule.authorities?.install(in: template, areSaid: true)
    }

    /// Takes a connection that a client has opened. Errors: OpenSSL has no memory.
    ///
    /// - Parameter protocols: those that the client may choose from.
    public func accept(
        descriptor: Int32, workspace: TLSWorkspace, protocols: ApplicationProtocols
    ) throws(TLSSetupFault) -> TLSConnection {
        let connection = try unsafe TLSConnection(self, template: templates[0].pointer, descriptor: descriptor, workspace: workspace, isClient: false)
        connection.protocols = protocols
        unsafe SSL_set_ex_data(connection.ssl, TLSConnection.index, Unmanaged.passUnretained(connection).toOpaque())
        return connection
    }

    /// A request for `host` may come on a connection to `entry`: what serves the host has the same rule. A host that nothing serves is the
    /// default's.
    func mayServe(_ host: UnsafeBufferPointer<UInt8>, on entry: Int) -> Bool {
        return unsafe identities[choose(host) ?? defaultEntry] == identities[entry]
    }

    // MARK: OpenSSL's callbacks

    /// Before anything else of the handshake, also before a session is looked up: which entry is meant.
    private static let helloCame: SSL_client_hello_cb_fn = { ssl, alert, argument in
        guard let ssl = unsafe ssl, let argument = unsafe argument else { return SSL_CLIENT_HELLO_ERROR }
        let context = unsafe Unmanaged<TLSServerContext>.fromOpaque(argument).takeUnretainedValue()
        guard let connection = unsafe TLSConnection.of(ssl) else { return SSL_CLIENT_HELLO_ERROR }
        var name: UnsafePointer<UInt8>?
        let length = unsafe sluice_tls_hello_name(ssl, &name)
        let given = unsafe length > 0 ? UnsafeBufferPointer(start: name, count: Int(length)) : nil
        guard let entry = unsafe context.choose(given), context.templates.indices.contains(entry) else {
            connection.refusal = .unknownName
            unsafe alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
            return SSL_CLIENT_HELLO_ERROR
        }
        // A second hello (RFC 8446 §4.1.4) says the same as the first. OpenSSL does not compare them, and keeps what the first has set: a certificate
        // of one rule's authorities would count under the other rule.
        guard !connection.hasEntry || connection.entry == entry else {
            unsafe alert?.pointee = SSL_AD_ILLEGAL_PARAMETER
            return SSL_CLIENT_HELLO_ERROR
        }
        connection.entry = entry
        connection.hasEntry = true
        if entry > 0 { unsafe SSL_set_SSL_CTX(ssl, context.templates[entry].pointer) }
        // The rule of the entry, which OpenSSL does not take over with its context.
        switch context.rules[entry] {
        case .none: break
        case .optional: unsafe SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
        case .required: unsafe SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        return SSL_CLIENT_HELLO_SUCCESS
    }

    /// The first of our protocols that the client has too (RFC 7301 §3.2); none is the end, so that no client is answered in a protocol
    /// that it did not mean (ALPACA).
    private static let selectProtocol: SSL_CTX_alpn_select_cb_func = { ssl, chosen, chosenLength, offered, offeredLength, _ in
        guard let ssl = unsafe ssl, let offered = unsafe offered, let protocols = unsafe TLSConnection.of(ssl)?.protocols else {
            return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        let ours = unsafe protocols.bytes
        var result: UnsafeMutablePointer<UInt8>?
        let isShared =
            unsafe SSL_select_next_proto(&result, chosenLength, ours.baseAddress, UInt32(ours.count), offered, offeredLength)
            == OPENSSL_NPN_NEGOTIATED
        guard isShared, let result = unsafe result else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        // The connection keeps the list.
        unsafe chosen?.pointee = UnsafePointer(result)
        return SSL_TLSEXT_ERR_OK
    }

    /// A secret of a connection, for whoever debugs.
    private static let secretCame: SSL_CTX_keylog_cb_func = { ssl, line in
        guard let ssl = unsafe ssl, let line = unsafe line, let context = unsafe TLSConnection.of(ssl)?.context as? TLSServerContext else { return }
        unsafe context.keyLog?.append(line)
    }
}

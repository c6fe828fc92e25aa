import COpenSSL
import Glibc

/// One TLS connection over a descriptor, on either side: the handshake, then bytes both ways. It never waits. It holds no buffer while it is
/// idle, but for records that the kernel did not take. Loop-confined; the descriptor belongs to somebody else and must stay open while this
/// is used.
@safe
public final class TLSConnection {
    let ssl: OpaquePointer
    private let wire: UnsafeMutablePointer<TLSWire>
    private let workspace: TLSWorkspace
    /// What it was made of: OpenSSL's callbacks use it.
    let context: TLSContext
    private let isClient: Bool
    /// Plain bytes at the front of what the caller has still to send, whose records are made and not all with the kernel.
    private var owed = 0
    /// The handshake is over.
    public private(set) var isOpen = false
    private var saidEnd = false
    /// Steps that OpenSSL has taken since then for messages of the handshake's kind: new keys, tickets.
    private var laterSteps = 0
    /// Plain bytes that came.
    private var received = 0
    /// Why certificates or names were refused in the handshake, where a callback of ours refused them.
    var refusal: TLSHandshakeFault?
    /// The entry of the server's table that serves it.
    public internal(set) var entry = 0
    /// The client has said which.
    var hasEntry = false
    /// As a server: what the client may choose from.
    var protocols: ApplicationProtocols?
    /// As a client: where sessions are kept that the server sends.
    var sessions: TLSSessions?

    /// Errors: OpenSSL has no memory.
    init(_ context: TLSContext, template: OpaquePointer, descriptor: Int32, workspace: TLSWorkspace, isClient: Bool) throws(TLSSetupFault) {
        guard let ssl = unsafe SSL_new(template) else { throw TLSSetupFault.fromOpenSSL("no TLS connection can be made") }
        unsafe self.ssl = ssl
        self.context = context
        self.workspace = workspace
        self.isClient = isClient
        unsafe wire = .allocate(capacity: 1)
        unsafe wire.initialize(to: TLSWire(descriptor: descriptor, workspace: workspace))
        guard unsafe sluice_tls_attach(ssl, TLSWire.method, wire) == 1 else { throw TLSSetupFault.fromOpenSSL("no TLS connection can be made") }
        if isClient { unsafe SSL_set_connect_state(ssl) } else { unsafe SSL_set_accept_state(ssl) }
    }

    deinit {
        // An end that came early says nothing against the session (RFC 8446 §6.1).
        unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(ssl)
        unsafe wire.pointee.dispose()
        unsafe wire.deinitialize(count: 1)
        unsafe wire.deallocate()
    }

    // MARK: What the loop says

    /// The descriptor is readable.
    public func noteReadable() { unsafe wire.pointee.isDrained = false }

    /// The peer has ended its side: behind the bytes that wait comes the end.
    public func notePeerEnded() {
        unsafe wire.pointee.peerEnded = true
        unsafe wire.pointee.isDrained = false
    }

    /// Records wait that are not with the kernel.
    var holdsRecords: Bool { unsafe wire.pointee.holdsRecords }

    /// Something waits for company, which the peer does not wait for.
    public var holdsDeferred: Bool { unsafe wire.pointee.isDeferred }

    /// Sends what waits for company: nothing else will be sent for a while.
    public func flushDeferred() {
        if holdsDeferred { _ = unsafe wire.pointee.flush() }
    }

    /// Records wait for the kernel that no caller's bytes stand for, so that no `send` would come to send them: those of a handshake, a ticket,
    /// answers to the peer's own messages. The loop must say when the kernel takes more, and then `flushHeld` be called.
    public var holdsOwnRecords: Bool { unsafe owed == 0 && wire.pointee.holdsRecords && !wire.pointee.isDeferred }

    /// Sends them.
    public func flushHeld() {
        if holdsOwnRecords { _ = unsafe wire.pointee.flush() }
    }

    // MARK: The handshake

    /// Reads, each of up to 16 KiB, in one step of it: OpenSSL takes a chain of certificates of up to 100 KiB.
    private static let mostReadsInHandshake = 32

    public enum HandshakeOutcome: Equatable, Sendable {
        case done
        /// Nothing more until the peer speaks, or takes what is held.
        case wouldBlock
        case failed(TLSHandshakeFault)
    }

    /// Goes on with the handshake as far as the peer has spoken. The step in which a server signs takes some 100 µs to 1 ms.
    public func handshake() -> HandshakeOutcome {
        ERR_clear_error()
        unsafe wire.pointee.readsLeft = Self.mostReadsInHandshake
        let result = unsafe SSL_do_handshake(ssl)
        let kind = result == 1 ? SSL_ERROR_NONE : unsafe SSL_get_error(ssl, result)
        if kind == SSL_ERROR_NONE && !isClient {
            // The client's session goes out with the first response, or when the connection has nothing to do (`flushDeferred`).
            isOpen = unsafe wire.pointee.deferRecords()
            // A client of TLS 1.2 waits for what was written last.
            if unsafe SSL_version(ssl) < TLS1_3_VERSION { flushDeferred() }
            return isOpen ? .done : .failed(.connectionLost(code: unsafe wire.pointee.code))
        }
        // Alerts are in the workspace as well.
        let flush = unsafe wire.pointee.flush()
        switch kind {
        case SSL_ERROR_NONE:
            if flush == .failed { return .failed(.connectionLost(code: unsafe wire.pointee.code)) }
            isOpen = true
            return .done
        case SSL_ERROR_WANT_READ where unsafe flush != .failed && !wire.pointee.isOverrun: return .wouldBlock
        default: return .failed(fault())
        }
    }

    private func fault() -> TLSHandshakeFault {
        if let refusal { return refusal }
        let found = TLSHandshakeFault.fromQueue(verification: unsafe SSL_get_verify_result(ssl), isClient: isClient)
        if found == .unknown, unsafe wire.pointee.code != 0 || wire.pointee.hasEnded {
            return .connectionLost(code: unsafe wire.pointee.code)
        }
        return found
    }

    // MARK: Receiving

    public enum ReadOutcome: Equatable, Sendable {
        case bytes(Int)
        case wouldBlock
        /// The peer has said that it ends (close_notify); as a server also where it only closed.
        case end
        /// `errno`, or EPROTO where what came is not TLS as it should be.
        case failed(Int32)
    }

    /// More may be had without word from the loop.
    public var mayReceive: Bool { unsafe !wire.pointee.isDrained || conclusion != nil || SSL_has_pending(ssl) == 1 }

    /// The end, or what went wrong, came in one piece with bytes, and is still to be told: the loop may have nothing more to say.
    private var conclusion: ReadOutcome?

    /// Reads, each of up to 16 KiB, until there is a plain byte. A record takes two, and what a peer may have to say beside fits in the others.
    private static let mostReadsForRecord = 4

    /// Reads what has come into `place`, at most `room` bytes (at least 1).
    public func receive(into place: UnsafeMutableRawPointer, room: Int) -> ReadOutcome {
        if let conclusion { return conclusion }
        var total = 0
        var last = SSL_ERROR_NONE
        while total < room {
            ERR_clear_error()
            unsafe wire.pointee.readsLeft = Self.mostReadsForRecord
            var count = 0
            if unsafe SSL_read_ex(ssl, place + total, room - total, &count) == 1 {
                total += count
                if !mayReceive { break }
            } else {
                last = unsafe SSL_get_error(ssl, 0)
                break
            }
        }
        received &+= total
        // Answers to the peer's post-handshake messages.
        if workspace.recordCount > 0 || holdsOwnRecords { _ = unsafe wire.pointee.flush() }
        guard total > 0 else { return outcome(of: last) }
        if last != SSL_ERROR_NONE {
            let outcome = outcome(of: last)
            if outcome != .wouldBlock { conclusion = outcome }
        }
        return .bytes(total)
    }

    /// What a read says that got nothing, by what OpenSSL says of it.
    private func outcome(of error: Int32) -> ReadOutcome {
        if unsafe wire.pointee.isOverrun { return .failed(EPROTO) }
        switch error {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .end
        default:
            let (ended, code) = unsafe (wire.pointee.hasEnded, wire.pointee.code)
            ERR_clear_error()
            // From an app, an end without its word may be one that somebody else made (RFC 8446 §6.1).
            if ended { return isClient ? .failed(ECONNRESET) : .end }
            return .failed(code != 0 ? code : EPROTO)
        }
    }

    /// Whether an idle connection is still open and silent. Takes in what is not for its user, such as tickets.
    public func isAliveAndSilent() -> Bool {
        noteReadable()
        ERR_clear_error()
        unsafe wire.pointee.readsLeft = Self.mostReadsForRecord
        var byte: UInt8 = 0
        var count = 0
        let speaks = unsafe SSL_peek_ex(ssl, &byte, 1, &count) == 1
        let kind = speaks ? SSL_ERROR_NONE : unsafe SSL_get_error(ssl, 0)
        // Also where it speaks: what stayed in the workspace would go to somebody else.
        if workspace.recordCount > 0 || holdsOwnRecords { _ = unsafe wire.pointee.flush() }
        ERR_clear_error()
        return unsafe kind == SSL_ERROR_WANT_READ && !wire.pointee.isOverrun
    }

    // MARK: Sending

    public enum WriteOutcome: Equatable, Sendable {
        case done
        case wouldBlock
        case failed(Int32)
    }

    /// Sends `first`, then `second`, then `third`, as if they were one. `taken` is how many of their bytes are done with; the rest must be the
    /// beginning of what the next call is given. Up to 16 KiB go in one record, however they are cut.
    ///
    /// - Parameter isLast: nothing follows, and the peer is told so (close_notify) in the same breath.
    public func send(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer, isLast: Bool = false,
        taken: inout Int
    ) -> WriteOutcome {
        let total = first.count + second.count + third.count
        taken = 0
        while true {
            if unsafe owed > 0 || holdsRecords && !wire.pointee.isDeferred {
                var sent = 0
                switch unsafe wire.pointee.flush(sent: &sent) {
                case .done: break
                case .failed: return .failed(unsafe wire.pointee.code)
                case .blocked:
                    // A slow reader makes progress byte by byte; the last byte stays until the last record is gone.
                    let credit = max(0, min(sent, owed - 1, total - taken))
                    owed -= credit
                    taken += credit
                    return .wouldBlock
                }
            }
            // Of what a caller gives less of than before, the rest stays owed: its records are gone.
            let credit = min(owed, total - taken)
            owed -= credit
            taken += credit
            guard taken < total else { return .done }
            ERR_clear_error()
            let end = min(total, taken + TLSWorkspace.batchSize)
            guard unsafe encipher(first, second, third, from: taken, upTo: end) else {
                ERR_clear_error()
                // The next connection's records go there.
                workspace.recordCount = 0
                let code = unsafe wire.pointee.code
                return .failed(code != 0 ? code : EPROTO)
            }
            if isLast && end == total && !saidEnd {
                saidEnd = true
                _ = unsafe SSL_shutdown(ssl)
                ERR_clear_error()
            }
        }
    }

    /// Makes records of the bytes `from ..< end` of the three.
    private func encipher(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer, from: Int, upTo end: Int
    ) -> Bool {
        var at = from
        while at < end {
            let count = min(end - at, TLSWorkspace.recordSize)
            var written = 0
            let source = unsafe contiguous(first, second, third, at, count)
            guard unsafe SSL_write_ex(ssl, source, count, &written) == 1, written == count else { return false }
            at += count
            owed += count
        }
        return true
    }

    /// Where `count` bytes from `at` stand together: where they are, or in the workspace.
    private func contiguous(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer, _ at: Int, _ count: Int
    ) -> UnsafeRawPointer {
        if at + count <= first.count { return unsafe first.baseAddress! + at }
        if at >= first.count && at + count <= first.count + second.count { return unsafe second.baseAddress! + (at - first.count) }
        var skip = at
        var copied = 0
        unsafe copy(first, &skip, &copied, count)
        unsafe copy(second, &skip, &copied, count)
        unsafe copy(third, &skip, &copied, count)
        return unsafe UnsafeRawPointer(workspace.plain)
    }

    private func copy(_ piece: UnsafeRawBufferPointer, _ skip: inout Int, _ copied: inout Int, _ count: Int) {
        let there = min(piece.count - min(skip, piece.count), count - copied)
        if there > 0 { unsafe (workspace.plain + copied).copyMemory(from: piece.baseAddress! + skip, byteCount: there) }
        copied += there
        skip -= min(skip, piece.count)
    }

    /// Tells the peer that nothing more comes (close_notify), as far as the kernel takes it now. To be called when all was sent.
    public func sendEnd() {
        guard isOpen, !saidEnd, unsafe !holdsRecords || wire.pointee.isDeferred else { return }
        saidEnd = true
        ERR_clear_error()
        _ = unsafe SSL_shutdown(ssl)
        _ = unsafe wire.pointee.flush()
        ERR_clear_error()
    }
}

// What callbacks of OpenSSL need of a connection.
extension TLSConnection {
    /// New keys cost some 7 µs for 27 bytes that say so, and OpenSSL has no bound for them: three steps each, and as many again for an answer. A
    /// peer that needs some has sent gigabytes.
    private static let mostLaterSteps = 512
    private static let bytesForLaterStep = 16_384

    /// OpenSSL takes a step for a message that is not bytes for anybody: with one too many, nothing more is read.
    fileprivate func countLaterStep() {
        guard isOpen else { return }
        laterSteps &+= 1
        guard laterSteps > Self.mostLaterSteps &+ received / Self.bytesForLaterStep else { return }
        unsafe wire.pointee.isOverrun = true
        unsafe SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN)
    }

    /// Called in each step of a handshake, and of what its messages do later; not for bytes.
    static let stepTaken: @convention(c) (OpaquePointer?, Int32, Int32) -> Void = { ssl, place, _ in
        guard place & SSL_CB_LOOP != 0, let ssl = unsafe ssl, let connection = unsafe TLSConnection.of(ssl) else { return }
        connection.countLaterStep()
    }

    /// Where an `SSL` keeps its connection.
    static let index = sluice_tls_ex_index()

    /// The connection of an `SSL`; it lives while OpenSSL is called for it.
    static func of(_ ssl: OpaquePointer) -> TLSConnection? {
        unsafe SSL_get_ex_data(ssl, index).map { unsafe Unmanaged<TLSConnection>.fromOpaque($0).takeUnretainedValue() }
    }
}

// What was agreed on in the handshake.
extension TLSConnection {
    /// As a server: names are served under different rules about client certificates, so that `mayServe` must be asked.
    public var hasSeveralRules: Bool { context.hasSeveralRules }

    /// As a server: a request for `host` (without port) may come on this connection.
    public func mayServe(_ host: Span<UInt8>) -> Bool {
        guard let context = context as? TLSServerContext else { return true }
        return unsafe host.withUnsafeBufferPointer { unsafe context.mayServe($0, on: entry) }
    }

    /// The application protocol (ALPN) is this one.
    public func speaks(_ name: StaticString) -> Bool {
        var chosen: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &chosen, &length)
        guard let chosen = unsafe chosen, Int(length) == name.utf8CodeUnitCount else { return false }
        return unsafe memcmp(chosen, name.utf8Start, Int(length)) == 0
    }

    /// The handshake went on with a session that began earlier.
    public var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// `TLSv1.3`.
    public var version: String { unsafe String(cString: SSL_get_version(ssl)) }

    /// `1.3`; 1.2 is the oldest that is spoken.
    public var versionNumber: StaticString { unsafe SSL_version(ssl) == TLS1_3_VERSION ? "1.3" : "1.2" }

    /// `TLS_AES_128_GCM_SHA256`.
    public var cipher: String { unsafe SSL_get_current_cipher(ssl).map { unsafe String(cString: SSL_CIPHER_get_name($0)) } ?? "" }

    /// The server name that the client asked for, as it was sent; nil for none.
    public var serverName: String? {
        unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) }
    }

    /// The certificate that the peer has shown and that was verified, in DER; nil for none. Not for each request: it is made anew.
    public var peerCertificate: [UInt8]? {
        guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
        defer { unsafe X509_free(certificate) }
        let count = unsafe i2d_X509(certificate, nil)
        guard count > 0 else { return nil }
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
            var at = buffer.baseAddress
            initialized = Int(unsafe i2d_X509(certificate, &at))
        }
    }

    /// The same in base64 between colons: a byte sequence of a structured field (RFC 8941 §3.3.5), as RFC 9440 wants it.
    public var peerCertificateField: [UInt8]? {
        guard let certificate = peerCertificate else { return nil }
        let length = 4 * ((certificate.count + 2) / 3)
        return unsafe [UInt8](unsafeUninitializedCapacity: length + 3) { buffer, initialized in
            unsafe buffer[0] = UInt8(ascii: ":")
            // It writes a zero behind the last byte.
            let count = unsafe EVP_EncodeBlock(buffer.baseAddress! + 1, certificate, Int32(certificate.count))
            unsafe buffer[Int(count) + 1] = UInt8(ascii: ":")
            initialized = Int(count) + 2
        }
    }

    /// The peer's certificate is past its end at `now` (seconds since 1970): one that resumes a session may have outlived it.
    public func peerCertificateHasExpired(at now: Int64) -> Bool {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl), let end = unsafe X509_get0_notAfter(certificate) else { return false }
        var time = Int(now)
        return unsafe X509_cmp_time(end, &time) < 0
    }
}

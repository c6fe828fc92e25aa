import CHandshake
import CertificateForge

@testable import TLS

/// What became of a handshake.
struct Handshake {
    /// Both ends finished, the client verified the server, and a byte passed.
    let isDone: Bool
    let isResumed: Bool
    let isRSA: Bool
    /// What the ticket that the client got begins with; zeros without one.
    let ticketName: [UInt8]
}

/// A server's context with pairs and keys of tickets.
@safe
final class HandshakeServer {
    fileprivate let context: OpaquePointer

    init(_ pairs: [CertificatePair], _ keys: TicketKeys) throws {
        guard let context = unsafe handshake_server_make() else { throw Forge.Failure(description: "no context") }
        unsafe self.context = context
        try unsafe TLSServerContext.Entry(pairs, tickets: keys).install(context)
    }

    convenience init(_ pairs: [CertificatePair]) throws { try self.init(pairs, TicketKeys(period: 100, now: 0)) }

    /// For `example.org`, with tickets.
    convenience init(_ keys: TicketKeys) throws {
        try self.init([Forge.shared.load("fullchain.pem", "leaf.key")], keys)
    }

    deinit { unsafe handshake_context_free(context) }
}

/// A client that remembers its last session.
@safe
final class HandshakeClient {
    private let context: OpaquePointer
    private var session: OpaquePointer?

    /// - Parameter file: in the shared directory, or a path.
    init(trusting file: String) throws {
        let path = file.hasPrefix("/") ? file : Forge.shared.path(file)
        guard let context = unsafe handshake_client_make(path) else { throw Forge.Failure(description: "no context") }
        unsafe self.context = context
    }

    func handshake(with server: HandshakeServer, _ version: Int32, name: String = "example.org") -> Handshake {
        var result = handshake_result()
        unsafe handshake_run(server.context, context, name, version, &session, &result)
        return Handshake(
            isDone: result.is_done != 0, isResumed: result.is_resumed != 0, isRSA: result.is_rsa != 0,
            ticketName: unsafe withUnsafeBytes(of: result.ticket_name) { unsafe Array($0) })
    }

    deinit {
        if let session = unsafe session { unsafe handshake_session_free(session) }
        unsafe handshake_context_free(context)
    }
}

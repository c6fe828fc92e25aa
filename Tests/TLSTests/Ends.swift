import CHandshake
import CertificateForge
import Foundation
import Glibc

@testable import TLS

/// A client and a server of `TLSConnection` on the two ends of a socket pair, both of one loop: so they share a workspace, and what one left
/// there would be the other's.
@safe
final class Ends {
    let client: TLSConnection
    let server: TLSConnection
    let workspace = TLSWorkspace()
    /// The client's descriptor and the server's; -1 when closed.
    private(set) var descriptors: (client: Int32, server: Int32)

    /// What a client is made of.
    struct Client {
        var name = "example.org"
        var identity: ClientIdentity?
        var protocols = ["http/1.1"]
        var sessions = TLSSessions()
        /// 10 to 13; nil for all that it has.
        var version: Int?
        var trust = ServerTrust.authorities(path: Forge.shared.path("root.pem"))
    }

    /// - Parameter sendBuffer: bytes of the kernel's, on both sides (SO_SNDBUF).
    init(_ server: TLSServerContext, _ client: Client = Client(), offering protocols: [String] = ["h2", "http/1.1"], sendBuffer: Int32? = nil) throws {
        descriptors = try Self.pair(sendBuffer: sendBuffer)
        let context = try TLSClientContext(trust: client.trust, identity: client.identity, protocols: client.protocols)
        self.server = try server.accept(descriptor: descriptors.server, workspace: workspace, protocols: ApplicationProtocols(protocols))
        self.client = try context.connect(descriptor: descriptors.client, to: client.name, sessions: client.sessions, workspace: workspace)
        if let version = client.version { unsafe handshake_speak(self.client.ssl, Int32(version)) }
    }

    deinit {
        closeClient()
        closeServer()
    }

    static func pair(sendBuffer: Int32? = nil) throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { throw Forge.Failure(description: "no socket pair") }
        if var size = sendBuffer { for end in ends { unsafe setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, 4) } }
        return (ends[0], ends[1])
    }

    func closeClient() {
        Self.hangUp(descriptors.client)
        descriptors.client = -1
    }

    func closeServer() {
        Self.hangUp(descriptors.server)
        descriptors.server = -1
    }

    /// Ends the connection at once: a child that another test starts just now has a copy of the descriptor, with which a mere close would wait.
    static func hangUp(_ descriptor: Int32) {
        guard descriptor >= 0 else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    typealias Outcome = TLSConnection.HandshakeOutcome

    /// Both speak in turn until both are through, or cannot go on.
    @discardableResult
    func shakeHands() -> (client: Outcome, server: Outcome) {
        var (here, there) = (Outcome.wouldBlock, Outcome.wouldBlock)
        for _ in 0..<1000 where here == .wouldBlock || there == .wouldBlock {
            if here == .wouldBlock { here = step(client) }
            if there == .wouldBlock { there = step(server) }
        }
        return (here, there)
    }

    /// One end goes on, as if the loop had said that it can.
    func step(_ end: TLSConnection) -> Outcome {
        end.noteReadable()
        end.flushHeld()
        return end.handshake()
    }
}

extension TLSConnection {
    /// Sends all of it at once, or says what came instead.
    func send(_ bytes: [UInt8], isLast: Bool = false) -> WriteOutcome {
        var taken = 0
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        return unsafe bytes.withUnsafeBytes { unsafe send($0, nothing, nothing, isLast: isLast, taken: &taken) }
    }

    /// Takes what has come, at most `most` bytes, in reads of at most `room`, and says how the last one ended.
    func receiveAll(room: Int = 16_384, most: Int = .max) -> (bytes: [UInt8], last: ReadOutcome) {
        noteReadable()
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: room)
        while true {
            let outcome = unsafe block.withUnsafeMutableBytes { unsafe receive(into: $0.baseAddress!, room: min(room, most - bytes.count)) }
            guard case .bytes(let count) = outcome else { return (bytes, outcome) }
            bytes += block[..<count]
            if bytes.count == most { return (bytes, outcome) }
        }
    }
}

extension TLSServerContext {
    /// For `example.org`, with tickets.
    ///
    /// - Parameter name: the only one that is served; nil for any, and none.
    static func example(
        policy: TLSPolicy = .intermediate, rule: ClientCertificateRule = .none, tickets: TicketKeys? = nil, serving name: String? = nil
    ) throws -> TLSServerContext {
        let keys = try tickets ?? TicketKeys(period: 100, now: 0)
        let pair = try Forge.shared.load("fullchain.pem", "leaf.key")
        return try unsafe TLSServerContext(policy: policy, entries: [Entry([pair], tickets: keys, rule: rule)]) { asked in
            guard let name else { return 0 }
            return unsafe asked.map { unsafe String(decoding: $0, as: UTF8.self) } == name ? 0 : nil
        }
    }
}

import CHandshake
import Glibc

@testable import TLS

/// The client's end of a TLS connection: a `Descriptor` reads and writes through it.
@safe
final class SecureEnd: @unchecked Sendable {  // used by its descriptor's owner alone
    /// How a client speaks.
    struct Manner {
        /// 10 to 13, for TLS 1.0 to 1.3; nil for what both have.
        var version: Int?
        var protocols = ["http/1.1"]
        var name = "app.test"
        var identity: TestAuthority.Identity?
        /// Where sessions are kept, for the next connection.
        var sessions = TLSSessions()
    }

    let connection: TLSConnection
    /// The last read filled the place that it was given.
    private(set) var mayHoldMore = false

    init(over socket: Descriptor, trusting authority: TestAuthority, _ manner: Manner = Manner()) throws {
        let identity = manner.identity.map { ClientIdentity(certificate: $0.certificate, key: $0.key) }
        let context = try TLSClientContext(trust: .authorities(path: authority.certificate), identity: identity, protocols: manner.protocols)
        connection = try context.connect(descriptor: socket.number, to: manner.name, sessions: manner.sessions, workspace: TLSWorkspace())
        if let version = manner.version { unsafe handshake_speak(connection.ssl, Int32(version)) }
    }

    /// Goes on with the handshake as far as the other side has spoken.
    func step() -> TLSConnection.HandshakeOutcome {
        connection.noteReadable()
        connection.flushHeld()
        return connection.handshake()
    }

    /// The whole handshake; `wouldBlock` when the other side says nothing until the deadline.
    func shakeHands(over socket: Descriptor, _ deadline: Deadline = Deadline()) -> TLSConnection.HandshakeOutcome {
        while true {
            let outcome = step()
            guard outcome == .wouldBlock, socket.await(POLLIN, until: deadline) != 0 else { return outcome }
        }
    }

    /// Sends new keys, and nothing else. False: it has ended.
    func changeKeys() -> Bool {
        guard unsafe handshake_change_keys(connection.ssl, 0) == 1 else { return false }
        return connection.isAliveAndSilent()
    }

    func sayEnd() { connection.sendEnd() }

    func read(_ block: inout [UInt8]) -> Descriptor.Transfer {
        connection.noteReadable()
        let outcome = unsafe block.withUnsafeMutableBytes { unsafe connection.receive(into: $0.baseAddress!, room: $0.count) }
        mayHoldMore = outcome == .bytes(block.count)
        switch outcome {
        case .bytes(let count): return .bytes(count)
        case .wouldBlock: return .wouldBlock
        case .end: return .closed
        case .failed(let code): return Descriptor.failure(code)
        }
    }

    func write(_ bytes: ArraySlice<UInt8>) -> Descriptor.Transfer {
        var taken = 0
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        let outcome = unsafe bytes.withUnsafeBytes { unsafe connection.send($0, nothing, nothing, taken: &taken) }
        if case .failed(let code) = outcome { return Descriptor.failure(code) }
        return taken > 0 || bytes.isEmpty ? .bytes(taken) : .wouldBlock
    }
}

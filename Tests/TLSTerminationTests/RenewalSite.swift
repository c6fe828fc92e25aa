import CertificateForge
import Foundation
import Glibc
import TLS
import TLSTermination
import Testing

@testable import FilterAPI
@testable import FilterTesting

/// The filter with certificates of a forge, whose files the test changes, on one loop, whose clock it moves.
final class RenewalSite {
    let forge: Forge
    private let system = TestSystem([:])
    private let clock = LoopClock()
    private let loop = TestLoop(now: 0)
    private let filter: any Filter
    private var minutes: Int64 = 0
    private var version = 0
    private let workspace = TLSWorkspace()

    /// - Parameter options: `FOLDER` stands for the forge's.
    init(_ forge: Forge, _ options: String) throws {
        self.forge = forge
        let text = options.replacingOccurrences(of: "FOLDER", with: forge.directory.path)
        let sections = try FilterHarness.sections([(TLSTermination.self, text)], [], onListener: true)
        let plugin = try #require(sections.first?.made as? any FilterPlugin)
        clock.wallSeconds = WallClock.seconds
        let context = LoopContext(
            index: 0, count: 1, section: "f0", clock: clock, sharing: SharedObjects(), state: LoopState(), apps: ["app"],
            system: LoopSystem(system, files: SharedObjects(), services: loop) { $0() })
        filter = try plugin.makeFilter(on: context)
        warnings = system.complaints.count
    }

    /// What the watcher of files does when it has seen that some are others.
    func notice(_ names: String...) {
        version += 1
        var files = system.files
        for name in names { files[forge.path(name)] = .text("\(version)") }
        system.files = files
    }

    /// With nobody looking in between.
    func pass(days: Int64) { clock.wallSeconds += days * 86_400 }

    /// On the clock that never goes back, while the other stands still.
    func pass(hours: Int64) { clock.nanoseconds += hours * 3_600_000_000_000 }

    func pass(minutes count: Int64) {
        for _ in 0..<count {
            minutes += 1
            clock.wallSeconds += 60
            loop.runTimers(to: minutes * 60_000_000_000)
        }
    }

    private var warnings = 0
    /// What the operator was told since the start.
    var complaints: [String] { Array(system.complaints.dropFirst(warnings)) }

    func status() throws -> [String] { try #require(filter as? any StatusReporter).statusLines }

    /// How often something was taken over and was not good, and what is not good.
    func counts() throws -> [String] { try status().filter { $0.hasPrefix("certificates taken") || $0.hasPrefix("not good") } }

    /// A handshake that is over.
    struct Connection {
        let server: TLSConnection
        let client: TLSConnection
        let outcome: TLSConnection.HandshakeOutcome

        var isResumed: Bool { server.isResumed }
        func mayServe(_ host: String) -> Bool { server.mayServe(Array(host.utf8).span) }
    }

    /// A client comes.
    ///
    /// - Parameter trust: `root.pem` if nothing is said.
    func connect(_ name: String, showing identity: String? = nil, sessions: TLSSessions = TLSSessions(), trust: ServerTrust? = nil) throws -> Connection {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        let identity = identity.map { ClientIdentity(certificate: forge.path("\($0).pem"), key: forge.path("\($0).key")) }
        let context = try TLSClientContext(trust: trust ?? .authorities(path: forge.path("root.pem")), identity: identity, protocols: ["http/1.1"])
        let terminator = try #require(filter as? any TLSTerminating)
        let server = try terminator.context.accept(descriptor: ends[1], workspace: workspace, protocols: ApplicationProtocols(["http/1.1"]))
        let client = try context.connect(descriptor: ends[0], to: name, sessions: sessions, workspace: workspace)
        var (here, there) = (TLSConnection.HandshakeOutcome.wouldBlock, TLSConnection.HandshakeOutcome.wouldBlock)
        for _ in 0..<100 where here == .wouldBlock || there == .wouldBlock {
            for (end, isClient) in [(client, true), (server, false)] where (isClient ? here : there) == .wouldBlock {
                end.noteReadable()
                end.flushHeld()
                let outcome = end.handshake()
                if isClient { here = outcome } else { there = outcome }
            }
        }
        if there == .done {
            // The session comes with the first bytes.
            server.flushDeferred()
            _ = client.isAliveAndSilent()
        }
        return Connection(server: server, client: client, outcome: there)
    }
}

extension Forge {
    /// Makes `NAME.pem` and `NAME.key` by the root, and puts both into `FILE`.
    func put(_ name: String, for names: String, as file: String) throws {
        try certificate(name, by: "root", names: names)
        try write(read("\(name).pem") + read("\(name).key"), to: file)
    }

    /// The certificate in DER.
    func der(_ name: String) throws -> [UInt8] {
        Array(try #require(Data(base64Encoded: try read("\(name).pem").split(separator: "\n").dropFirst().dropLast().joined())))
    }
}

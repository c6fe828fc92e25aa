import Glibc
import Testing

/// gRPC's own library for Python on both sides: `Tests/Peers/grpc_app.py` and `grpc_client.py`.
enum GRPCPeer {
    /// The app, running.
    final class App {
        let process: Child
        let port: UInt16

        /// - Parameter identity: it speaks TLS with that.
        init(_ identity: TestAuthority.Identity? = nil) throws {
            let files = identity.map { [$0.certificate, $0.key] } ?? []
            (process, port) = try PythonPeer.start(PythonPeer.withGRPC, [PythonPeer.path("grpc_app.py")] + files)
        }

        /// Ends it, and so its connections.
        func stop() {
            guard !process.ended else { return }
            process.signal(SIGKILL)
            _ = process.waitForEnd(upTo: .seconds(10))
        }
    }

    /// Starts a client.
    ///
    /// - Parameters:
    ///   - authority: whom it believes, by TLS; nil for none.
    ///   - check: one check with its argument, instead of the usual ones.
    static func client(to port: UInt16, _ authority: TestAuthority? = nil, _ check: [String] = []) throws -> Child {
        let python = try #require(PythonPeer.withGRPC)
        return try Child([python, PythonPeer.path("grpc_client.py"), "localhost:\(port)", authority?.certificate ?? "-"] + check)
    }

    /// A gateway whose listener `web` speaks HTTP/2 by TLS and whose listener `plain` does without, before a server of gRPC.
    static func run(_ authority: TestAuthority, _ app: String, loops: Int = 1, _ script: (Scenario) throws -> Void) throws {
        // All channels of the clients may come to one loop, and each has but its share of the default.
        let app = app + "\nmax-connections = off"
        let tls = "certificate = \(try authority.issue().option)"
        try TLSSite.run(tls, loops: loops, listener: "protocols = h2", plain: "protocols = h2c", app: app, script)
    }
}

extension Child {
    /// The lines that it has written when it has ended.
    func lines(upTo limit: Duration = .seconds(60)) throws -> [String] {
        guard waitForEnd(upTo: limit) != nil else { throw ScenarioFailure("it did not end in \(limit): \(text(stdout)) \(text(stderr))") }
        return text(stdout).split(separator: "\n").map(String.init)
    }
}

import Glibc

/// The first thing that a client of TLS says.
enum Hello {
    /// A ClientHello in its record, for `SecureListener`'s server.
    static func bytes(_ authority: TestAuthority, version: Int) throws -> [UInt8] {
        let listening = try Descriptor.listening()
        guard let client = try Descriptor.connected(port: listening.localPort) else { throw ScenarioFailure("no connection") }
        let end = try SecureEnd(over: client, trusting: authority, SecureEnd.Manner(version: version))
        _ = end.step()
        guard listening.await(POLLIN, until: Deadline()) != 0, let server = try listening.accepted(), server.await(POLLIN, until: Deadline()) != 0 else {
            throw ScenarioFailure("no ClientHello")
        }
        var bytes: [UInt8] = []
        while case .bytes = server.read(into: &bytes) {}
        return bytes
    }
}

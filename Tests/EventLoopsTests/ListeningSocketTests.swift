import EventLoops
import Foundation
import Testing

@Suite struct ListeningSocketTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func aUnixSocketGetsItsMode() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString.prefix(8)).sock").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let address = try #require(SocketAddress.unix(path: path))
        do {
            let socket = try ListeningSocket(on: address, backlog: 1, sharing: false, socketMode: 0o666)
            #expect(try mode(path) == 0o666)
            _ = consume socket
        }
        // The path of the dead listener is taken over.
        let second = try ListeningSocket(on: address, backlog: 1, sharing: false)
        #expect(try mode(path) == 0o660)
        // That of a living one is not.
        #expect(throws: SystemError.self) { _ = try ListeningSocket(on: address, backlog: 1, sharing: false) }
        _ = consume second
    }

    @Test func anAddressThatIsInUseIsNotFree() throws {
        let any = try #require(SocketAddress.parse("127.0.0.1:0"))
        try ListeningSocket.checkFree(any)
        let first = try ListeningSocket(on: any, backlog: 1, sharing: true)
        let bound = first.address
        // Loops of one process share an address; another process must not.
        let second = try ListeningSocket(on: bound, backlog: 1, sharing: true)
        #expect(throws: SystemError.self) { try ListeningSocket.checkFree(bound) }
        _ = consume second
        _ = consume first
        try ListeningSocket.checkFree(bound)
    }
}

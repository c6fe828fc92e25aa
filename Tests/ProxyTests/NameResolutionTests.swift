import EventLoops
import Glibc
import Synchronization
import Testing
import Transport

@testable import Proxy

/// Names that change their addresses, with a look-up of the test's own: a loop, a client and two apps on one thread. The scenarios do the
/// same with the system's look-up, where they may.
@Suite("Names that change their addresses")
final class NameResolutionTests {
    /// What the name resolves to now, and how often it was asked for.
    private final class Names: Sendable {
        let addresses = Mutex<[SocketAddress]>([])
        let count = Mutex(0)

        func resolve(_ answer: @Sendable ([SocketAddress]) -> Void) {
            count.withLock { $0 += 1 }
            answer(addresses.withLock { $0 })
        }
    }

    private let names = Names()
    private let loop: EventLoop
    private let proxy: ProxyLoop
    private let apps: [Int32]
    private let addresses: [SocketAddress]
    private let client: Int32
    /// Connections that apps have accepted, with the app's number.
    private var connections: [(app: Int, descriptor: Int32)] = []

    init() throws {
        loop = try EventLoop(index: 0)
        var apps: [Int32] = []
        var addresses: [SocketAddress] = []
        for _ in 0..<2 {
            let socket = try ListeningSocket(on: .ipv4(0x7F00_0001, port: 0), backlog: 16, sharing: false)
            addresses.append(socket.address)
            apps.append(socket.release())
        }
        var upstream = UpstreamSettings(name: "app", servers: [.name(host: "app.test", port: 80)])
        upstream.resolveEvery = 10
        var settings = ProxySettings(apps: [.upstream(upstream)])
        settings.resolve = { [names] _, _, answer in names.resolve(answer) }
        settings.knownAddresses = ["app.test:80": [addresses[0]]]
        names.addresses.withLock { $0 = [addresses[0]] }
        proxy = try ProxyLoop(on: loop, settings: settings)
        let listening = try ListeningSocket(on: .ipv4(0x7F00_0001, port: 0), backlog: 16, sharing: false)
        client = try ByteStream.connecting(to: listening.address).get()
        (self.apps, self.addresses) = (apps, addresses)
        #expect(proxy.listen(listening, settings: ListenerSettings(name: "web"), routes: .destination(0), connections: ConnectionLimit(100)) == nil)
    }

    deinit { for descriptor in apps + connections.map(\.descriptor) + [client] { close(descriptor) } }

    /// Lets the loop turn until `condition` holds.
    private func turn(until condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(10)
        while try !condition() {
            try #require(ContinuousClock.now < end, "waited in vain")
            loop.post {}
            loop.turn()
        }
    }

    /// What has arrived; nil when nothing has, empty when the other side has closed.
    private func read(_ descriptor: Int32) -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: 4096)
        let count = unsafe block.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
        return count < 0 ? nil : Array(block[..<count])
    }

    private func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        let sent = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        #expect(sent == bytes.count)
    }

    /// Sends a request, answers it as whichever app gets it, and returns that.
    private func ask() throws -> (app: Int, descriptor: Int32) {
        write("GET / HTTP/1.1\r\nHost: a\r\n\r\n", to: client)
        var asked: (app: Int, descriptor: Int32)?
        try turn {
            for (number, listening) in apps.enumerated() {
                let descriptor = accept(listening, nil, nil)
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                if descriptor >= 0 { connections.append((number, descriptor)) }
            }
            asked = connections.first { read($0.descriptor)?.isEmpty == false }
            return asked != nil
        }
        let found = try #require(asked)
        write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(found.app)", to: found.descriptor)
        var answer: [UInt8] = []
        try turn {
            answer += read(client) ?? []
            return answer.last == UInt8(ascii: "0") + UInt8(found.app)
        }
        return found
    }

    /// Waits until the name was looked up once more from now, and the answer has arrived.
    private func awaitLookUp() throws {
        let before = names.count.withLock { $0 }
        try turn { names.count.withLock { $0 } >= before + 2 }
    }

    private func change(to addresses: [SocketAddress]) throws {
        names.addresses.withLock { $0 = addresses }
        try awaitLookUp()
    }

    @Test("requests follow, and idle connections to the old address are closed")
    func follows() throws {
        let first = try ask()
        #expect(first.app == 0)
        for round in 0..<5 {
            let (old, new) = (round % 2, 1 - round % 2)
            let before = try ask()
            #expect(before.app == old)
            try change(to: [addresses[new]])
            try turn { read(before.descriptor)?.isEmpty == true }
            connections.removeAll { $0.descriptor == before.descriptor }
            close(before.descriptor)
            #expect(try ask().app == new)
        }
    }

    @Test("all addresses take turns; an answer without any changes nothing")
    func turns() throws {
        try change(to: addresses)
        let both = try (0..<4).map { _ in try ask().app }
        #expect(both == [0, 1, 0, 1] || both == [1, 0, 1, 0])
        try change(to: [])
        let still = try (0..<4).map { _ in try ask().app }
        #expect(still.filter { $0 == 0 }.count == 2)
        try change(to: [addresses[1]])
        #expect(try (0..<3).map { _ in try ask().app } == [1, 1, 1])
    }
}

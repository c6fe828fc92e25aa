import CHandshake
import Foundation
import Seeded
import Testing

@testable import TLS

/// A server whose client says what no client should. Whatever it is, the server says what is wrong, in bounded work, and leaves nothing behind
/// in the workspace that it shares with all others of its loop.
@Suite struct HostilePeerTests {
    /// A server and the bare descriptor of its client.
    @safe
    private final class Attacked {
        let server: TLSConnection
        let workspace = TLSWorkspace()
        private(set) var descriptors: (client: Int32, server: Int32)

        init(_ context: TLSServerContext = HostilePeerTests.context) throws {
            descriptors = try Ends.pair()
            server = try context.accept(descriptor: descriptors.server, workspace: workspace, protocols: ApplicationProtocols(["http/1.1"]))
        }

        deinit {
            Ends.hangUp(descriptors.server)
            hangUp()
        }

        func hangUp() {
            Ends.hangUp(descriptors.client)
            descriptors.client = -1
        }

        /// Says what the kernel takes of it; how much that was.
        @discardableResult
        func say(_ bytes: some Collection<UInt8>) -> Int { sayPlain(descriptors.client, Array(bytes)) }

        func step() -> TLSConnection.HandshakeOutcome {
            server.noteReadable()
            server.flushHeld()
            let outcome = server.handshake()
            #expect(workspace.recordCount == 0)
            return outcome
        }
    }

    private static let context: TLSServerContext = {
        do { return try TLSServerContext.example() } catch { fatalError("\(error)") }
    }()

    /// The first thing that a client says.
    private static let hello: [UInt8] = {
        do {
            let ends = try Ends(context)
            _ = ends.client.handshake()
            return hearPlain(ends.descriptors.server)
        } catch { fatalError("\(error)") }
    }()

    // MARK: Instead of a handshake

    @Test func anyBeginningOfAClientHelloIsWaitedFor() throws {
        #expect(Self.hello.count > 200)
        for cut in 0..<Self.hello.count {
            let attacked = try Attacked()
            attacked.say(Self.hello[..<cut])
            #expect(attacked.step() == .wouldBlock)
            attacked.hangUp()
            #expect(attacked.step() == .failed(.connectionLost(code: 0)), "after \(cut)")
        }
    }

    /// Hands on what one end has sent, in records of `size` bytes of its handshake, each byte in a packet of its own.
    private func relay(_ from: Int32, _ to: Int32, recordsOf size: Int, _ taken: () -> Void) {
        var bytes = hearPlain(from)[...]
        while bytes.count >= 5 {
            let count = Int(bytes[bytes.startIndex + 3]) << 8 | Int(bytes[bytes.startIndex + 4])
            let header = bytes.prefix(3)
            var body = bytes.dropFirst(5).prefix(count)
            bytes = bytes.dropFirst(5 + count)
            // Only what is not enciphered can be cut anew.
            let most = header.first == 22 ? size : count
            while !body.isEmpty {
                let part = body.prefix(most)
                for byte in header + [UInt8(part.count >> 8), UInt8(part.count & 255)] + part {
                    #expect(sayPlain(to, [byte]) == 1)
                    taken()
                }
                body = body.dropFirst(part.count)
            }
        }
    }

    @Test(arguments: [1, 7, 16_384]) func aHandshakeThatDripsInPiecesSucceeds(size: Int) throws {
        let (here, there) = (try Ends(Self.context, Ends.Client(version: 13)), try Attacked(Self.context))
        var outcome = TLSConnection.HandshakeOutcome.wouldBlock
        var client = here.client.handshake()
        for _ in 0..<10 where outcome != .done || client != .done {
            relay(here.descriptors.server, there.descriptors.client, recordsOf: size) {
                if outcome == .wouldBlock { outcome = there.step() }
            }
            sayPlain(here.descriptors.server, hearPlain(there.descriptors.client))
            if client == .wouldBlock { client = here.step(here.client) }
        }
        #expect(outcome == .done && client == .done)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1\r\n", "PUT /x HTTP/1.1\r\n", "CONNECT a:443 HTTP/1.1\r\n"])
    func aPlainRequestIsToldApart(request: String) throws {
        for cut in 0...request.utf8.count {
            let attacked = try Attacked()
            attacked.say(request.utf8.prefix(cut))
            let first = attacked.step()
            attacked.say(request.utf8.dropFirst(cut))
            #expect(first == .failed(.plainHTTP) || first == .wouldBlock && attacked.step() == .failed(.plainHTTP), "cut at \(cut)")
            // What it is told is for its caller to say, in plain.
            #expect(hearPlain(attacked.descriptors.client) == [])
        }
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", "\u{16}\u{3}\u{1}\u{7F}\u{7F}xxxxx",
        "\u{17}\u{3}\u{3}\u{0}\u{5}abcde", "\u{16}\u{3}\u{3}\u{0}\u{4}\u{14}\u{0}\u{0}\u{0}",
    ])
    func whatIsNotTLSFails(text: String) throws {
        let attacked = try Attacked()
        attacked.say(text.utf8)
        #expect(attacked.step() == .failed(.notTLS))
    }

    @Test func aClientHelloWithChangedBytesIsRefusedOrServed() throws {
        var generator = SeededGenerator(seed: 1)
        var refused = 0
        for _ in 0..<2_000 {
            var bytes = Self.hello
            for _ in 0...generator.below(4) { bytes[generator.below(bytes.count)] = UInt8(truncatingIfNeeded: generator.next()) }
            if generator.below(4) == 0 { bytes.removeLast(generator.below(100)) }
            let attacked = try Attacked()
            attacked.say(bytes)
            if case .failed = attacked.step() { refused += 1 }
            attacked.hangUp()
            if case .done = attacked.step() { Issue.record("\(bytes)") }
        }
        #expect(refused > 100)
    }

    /// Says `bytes` again and again until the server has had enough; how many it took until then.
    private func flood(_ attacked: Attacked, _ bytes: [UInt8], _ step: () -> Bool) -> Int {
        let many = Array(repeatElement(bytes, count: 16_384 / bytes.count + 1).joined())
        var total = 0
        while total < 4 << 20 {
            var said = many[...]
            while !said.isEmpty {
                let count = attacked.say(said)
                if count == 0 { break }
                total += count
                said = said.dropFirst(count)
            }
            if step() { break }
            // A record must be whole before the next begins.
            if !said.isEmpty { attacked.say(said) }
        }
        return total
    }

    @Test(arguments: [
        ("warnings", [21, 3, 3, 0, 2, 1, 90]), ("empty records", [22, 3, 1, 0, 0]), ("changes of the cipher", [20, 3, 3, 0, 1, 1]),
        ("requests for a hello", [22, 3, 3, 0, 4, 0, 0, 0, 0]),
    ] as [(String, [UInt8])])
    func aFloodBeforeTheHelloEnds(name: String, bytes: [UInt8]) throws {
        let attacked = try Attacked()
        var outcome = TLSConnection.HandshakeOutcome.wouldBlock
        let total = flood(attacked, bytes) {
            outcome = attacked.step()
            return outcome != .wouldBlock
        }
        #expect(outcome != .wouldBlock && outcome != .done, "after \(total) bytes of \(name)")
        #expect(total < 1 << 20)
    }

    // MARK: After the handshake

    private func open(_ version: Int) throws -> Ends {
        let ends = try Ends(Self.context, Ends.Client(version: version))
        #expect(ends.shakeHands() == (.done, .done))
        return ends
    }

    @Test(arguments: [12, 13], [
        Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), [23, 3, 3, 0, 5, 1, 2, 3, 4, 5], [23, 3, 3, 0x7F, 0xFF, 0], [22, 3, 3, 0, 4, 0, 0, 0, 0], [21, 3, 3, 0, 2, 2, 40],
        Array(repeating: 0, count: 100_000),
    ] as [[UInt8]])
    func whatIsNotEncipheredAsAgreedEndsIt(version: Int, bytes: [UInt8]) throws {
        let ends = try open(version)
        #expect(ends.client.send([1, 2]) == .done)
        sayPlain(ends.descriptors.client, bytes)
        #expect(ends.server.receiveAll() == ([1, 2], .failed(EPROTO)))
        #expect(ends.server.receiveAll() == ([], .failed(EPROTO)), "it stays so")
        // The client is told by an alert, and nothing of it is left for others.
        if case .failed = ends.client.receiveAll().last {} else { Issue.record("the client was not told") }
        ends.server.sendEnd()
        #expect(ends.server.send([1]) == .failed(EPROTO))
        let other = try open(version)
        #expect(other.server.send([7]) == .done)
        #expect(other.client.receiveAll().bytes == [7])
    }

    @Test(arguments: [false, true]) func keysMayChangeNowAndThen(asks: Bool) throws {
        let ends = try open(13)
        for byte in UInt8(1)...60 {
            #expect(unsafe handshake_change_keys(ends.client.ssl, asks ? 1 : 0) == 1)
            #expect(ends.client.send([byte]) == .done)
            #expect(ends.server.receiveAll() == ([byte], .wouldBlock))
            #expect(ends.server.send([byte, byte]) == .done)
            #expect(ends.client.receiveAll() == ([byte, byte], .wouldBlock))
        }
    }

    @Test(arguments: [0, 1], [0, 1, 40]) func aFloodOfNewKeysEnds(asks: Int32, bytesBetween: Int) throws {
        let ends = try open(13)
        var count = 0
        var last = TLSConnection.ReadOutcome.wouldBlock
        // The kernel takes some hundreds at a time.
        for _ in 0..<10 where last == .wouldBlock {
            for _ in 0..<1_000 {
                guard unsafe handshake_change_keys(ends.client.ssl, asks) == 1 else { break }
                _ = ends.client.isAliveAndSilent()
                if bytesBetween > 0, ends.client.send(Array(repeating: 1, count: bytesBetween)) != .done { break }
            }
            let received = ends.server.receiveAll()
            count += received.bytes.count
            last = received.last
        }
        // Without a bound the loop would change keys for as long as they come, and serve nobody else.
        #expect(count <= 200 * bytesBetween)
        #expect(last == .failed(EPROTO))
        #expect(ends.server.receiveAll() == ([], .failed(EPROTO)))
    }

    @Test func nobodyRenegotiates() throws {
        let ends = try open(12)
        #expect(unsafe handshake_renegotiate(ends.client.ssl) == 1)
        _ = ends.client.isAliveAndSilent()
        // It is told so, and the connection goes on (RFC 5246 §7.2.2).
        #expect(ends.server.receiveAll() == ([], .wouldBlock))
        let told = hearPlain(ends.descriptors.client)
        #expect(told.count > 7 && told[0] == 21, "an alert, enciphered")
        #expect(ends.server.send([1]) == .done)
        #expect(ends.server.isOpen)
    }

    @Test(arguments: [12, 13]) func aPeerThatNeverReadsIsTakenNoMoreFromThanABatch(version: Int) throws {
        let ends = try Ends(Self.context, Ends.Client(version: version), sendBuffer: 1)
        #expect(ends.shakeHands() == (.done, .done))
        let bytes = [UInt8](repeating: 5, count: 1 << 20)
        var total = 0
        for _ in 0..<1_000 {
            var taken = 0
            let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
            #expect(unsafe bytes.withUnsafeBytes { unsafe ends.server.send($0, nothing, nothing, taken: &taken) } == .wouldBlock)
            total += taken
        }
        #expect(total < 2 * TLSWorkspace.batchSize)
    }
}

/// Sends what the kernel takes of it; how much that was.
@discardableResult
func sayPlain(_ descriptor: Int32, _ bytes: [UInt8]) -> Int {
    max(0, unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) })
}

/// What has come at a descriptor.
func hearPlain(_ descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe block.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
        guard count > 0 else { return bytes }
        bytes += block[..<count]
    }
}

import CHandshake
import Foundation
import Seeded
import Testing

@testable import TLS

/// Bytes through a connection: the same at the other end, however they are cut, and counted exactly however little the kernel takes.
@Suite struct ConnectionBytesTests {
    private func open(_ version: Int, sendBuffer: Int32? = nil, smallRecords: Bool = false) throws -> Ends {
        let ends = try Ends(.example(), Ends.Client(version: version), sendBuffer: sendBuffer)
        if smallRecords { #expect(unsafe handshake_ask_small_records(ends.client.ssl) == 1) }
        #expect(ends.shakeHands() == (.done, .done))
        return ends
    }

    /// Bytes of which no two stretches are alike for long.
    private func text(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 7)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { unsafe withUnsafeBytes(of: generator.next()) { unsafe bytes.append(contentsOf: $0) } }
        return Array(bytes[..<count])
    }

    @Test(arguments: [12, 13]) func threePiecesAreOne(version: Int) throws {
        let ends = try open(version, sendBuffer: 1 << 20)
        ends.server.flushDeferred()
        let sizes = [0, 1, 2, 100, 16_383, 16_384, 16_385]
        let bytes = text(3 * 16_385)
        for one in sizes {
            for two in sizes {
                for three in sizes {
                    let total = one + two + three
                    var taken = -1
                    let outcome = unsafe bytes.withUnsafeBytes { all in
                        let (first, rest) = unsafe (UnsafeRawBufferPointer(rebasing: all[..<one]), UnsafeRawBufferPointer(rebasing: all[one..<total]))
                        return unsafe ends.server.send(
                            first, UnsafeRawBufferPointer(rebasing: rest[..<two]), UnsafeRawBufferPointer(rebasing: rest[two...]), taken: &taken)
                    }
                    #expect(outcome == .done && taken == total)
                    #expect(!ends.server.holdsRecords)
                    let received = ends.client.receiveAll(room: one == 2 ? 7_001 : 65_536)
                    #expect(received.last == .wouldBlock)
                    #expect(received.bytes == Array(bytes[..<total]), "\(one) \(two) \(three)")
                }
            }
        }
    }

    /// One end's way to the other in a random schedule.
    private struct Way {
        let from, to: TLSConnection
        let bytes: [UInt8]
        var sent = 0
        var received = 0
        var isOver: Bool { received == bytes.count }

        /// Offers some of what is left in three pieces. What was offered before is offered again; all or only a part of it, and more behind it.
        mutating func send(_ generator: inout SeededGenerator) {
            let left = bytes.count - sent
            let count = min(left, generator.pick([0, 1, 5, 100, 4_096, 16_384, 16_390, 70_000, 200_000]))
            let one = generator.below(count + 1)
            let two = generator.below(count - one + 1)
            var taken = 0
            let isLast = count == left
            let outcome = unsafe bytes.withUnsafeBytes { all in
                let offered = unsafe UnsafeRawBufferPointer(rebasing: all[sent..<sent + count])
                return unsafe from.send(
                    UnsafeRawBufferPointer(rebasing: offered[..<one]), UnsafeRawBufferPointer(rebasing: offered[one..<one + two]),
                    UnsafeRawBufferPointer(rebasing: offered[(one + two)...]), isLast: isLast, taken: &taken)
            }
            #expect(outcome == .done || outcome == .wouldBlock)
            #expect(taken <= count)
            if outcome == .done { #expect(taken == count) }
            // Whoever has something held must have something left to send, or nobody would send it.
            if outcome == .wouldBlock && from.holdsRecords && !from.holdsOwnRecords { #expect(sent + taken < bytes.count) }
            sent += taken
        }

        /// False: something else came than what was sent.
        mutating func receive(_ generator: inout SeededGenerator) {
            let (came, last) = to.receiveAll(room: generator.pick([1, 3, 1_000, 16_384, 40_000]), most: generator.pick([1, 2_000, 100_000]))
            #expect(bytes[received...].starts(with: came), "at \(received)")
            received += came.count
            if case .failed = last { Issue.record("\(last) at \(received)") }
        }
    }

    /// Both ends send 300 kB each through a kernel that takes some kilobytes, change keys and send deferred tickets in between.
    @Test(arguments: 1...12) func everyByteIsTakenOnceInAnySchedule(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let version = 12 + seed % 2
        let ends = try open(version, sendBuffer: generator.pick([1, 4_608, 20_000]), smallRecords: seed % 3 == 0)
        #expect(ends.server.holdsDeferred == (version == 13))
        let bytes = text(300_000)
        var ways = [Way(from: ends.server, to: ends.client, bytes: bytes), Way(from: ends.client, to: ends.server, bytes: bytes.reversed())]
        var turns = 0
        var changes = 0
        while !ways.allSatisfy(\.isOver), turns < 100_000 {
            turns += 1
            let index = generator.below(2)
            switch generator.below(20) {
            case 0: ends.server.flushDeferred()
            case 1:
                ends.server.flushHeld()
                ends.client.flushHeld()
            // Only while the last byte cannot have been offered: behind the end nothing may be said.
            case 2 where version == 13 && changes < 20 && ways[1].bytes.count - ways[1].sent > 200_000:
                changes += 1
                #expect(unsafe handshake_change_keys(ends.client.ssl, 1) == 1)
                _ = ends.client.isAliveAndSilent()
            case 3...10: ways[index].send(&generator)
            default: ways[index].receive(&generator)
            }
        }
        #expect(ways.allSatisfy { $0.isOver && $0.sent <= bytes.count })
        for way in ways {
            for _ in 0..<1000 where way.from.holdsRecords || way.to.receiveAll().last != .end {
                way.from.flushHeld()
                _ = way.from.send([])
                if !way.from.holdsRecords { way.from.sendEnd() }
            }
            #expect(way.to.receiveAll() == ([], .end))
        }
    }

    @Test(arguments: [12, 13]) func aCallerThatOffersLessThanBeforeSendsNothingTwice(version: Int) throws {
        let ends = try open(version, sendBuffer: 1)
        ends.server.flushDeferred()
        let bytes = text(60_000)
        var taken = 0
        let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        // A head and a body; then the head alone; then the body.
        let outcome = unsafe bytes.withUnsafeBytes { all in
            unsafe ends.server.send(UnsafeRawBufferPointer(rebasing: all[..<59_000]), UnsafeRawBufferPointer(rebasing: all[59_000...]), nothing, taken: &taken)
        }
        #expect(outcome == .wouldBlock && taken < 59_000)
        var received: [UInt8] = []
        var at = taken
        for end in [59_000, 60_000] {
            while at < end {
                received += ends.client.receiveAll().bytes
                unsafe bytes.withUnsafeBytes { all in _ = unsafe ends.server.send(UnsafeRawBufferPointer(rebasing: all[at..<end]), nothing, nothing, taken: &taken) }
                at += taken
            }
        }
        received += ends.client.receiveAll().bytes
        #expect(received == bytes)
        #expect(!ends.server.holdsRecords)
    }

    @Test func aTicketThatTheKernelDoesNotTakeIsNotForgotten() throws {
        let ends = try open(13, sendBuffer: 1)
        while sayPlain(ends.descriptors.server, Array(repeating: 0, count: 1_000)) > 0 {}
        ends.server.flushDeferred()
        // Nobody's bytes stand for it: the loop must say when there is room.
        #expect(!ends.server.holdsDeferred && ends.server.holdsOwnRecords)
        _ = hearPlain(ends.descriptors.client)
        ends.server.flushHeld()
        #expect(!ends.server.holdsOwnRecords)
        let ticket = hearPlain(ends.descriptors.client)
        #expect(ticket.count > 100 && ticket[0] == 23)
    }

    // MARK: The end

    @Test(arguments: [12, 13]) func theEndIsSaidOnceAndTheOtherSideMayGoOn(version: Int) throws {
        let ends = try open(version)
        #expect(ends.client.send([1, 2, 3], isLast: true) == .done)
        ends.client.sendEnd()
        #expect(ends.server.receiveAll() == ([1, 2, 3], .end))
        #expect(ends.server.receiveAll() == ([], .end))
        #expect(ends.server.send(Array(repeating: 9, count: 40_000)) == .done)
        #expect(ends.client.receiveAll().bytes.count == 40_000)
        ends.server.sendEnd()
        #expect(ends.client.receiveAll() == ([], .end))
        // Behind its end nothing is sent.
        #expect(ends.server.send([1]) == .failed(EPROTO))
        #expect(ends.client.send([1]) == .failed(EPROTO))
    }

    @Test(arguments: [12, 13]) func anEndThatWasNotSaidIsAnEndOfClientsAndAFailureOfServers(version: Int) throws {
        let one = try open(version)
        #expect(one.client.send([1]) == .done)
        one.closeClient()
        one.server.notePeerEnded()
        #expect(one.server.receiveAll() == ([1], .end))
        let other = try open(version)
        #expect(other.server.send([1]) == .done)
        other.closeServer()
        other.client.notePeerEnded()
        #expect(other.client.receiveAll() == ([1], .failed(ECONNRESET)))
        #expect(other.client.send([1]) == .failed(EPIPE))
    }

    @Test(arguments: [12, 13]) func anIdleConnectionIsAliveUntilItsPeerSpeaksOrEnds(version: Int) throws {
        let ends = try open(version)
        #expect(ends.client.isAliveAndSilent())
        ends.server.flushDeferred()
        #expect(ends.client.isAliveAndSilent(), "a ticket is not for its user")
        #expect(ends.server.send([1]) == .done)
        #expect(!ends.client.isAliveAndSilent())
        #expect(ends.client.receiveAll().bytes == [1])
        ends.server.sendEnd()
        #expect(!ends.client.isAliveAndSilent())
    }

    /// The workspace is that of all connections of a loop.
    @Test func aLookAtAConnectionLeavesNothingForAnother() throws {
        let ends = try open(13)
        #expect(ends.server.send([1]) == .done)
        #expect(unsafe handshake_change_keys(ends.client.ssl, 0) == 1)
        #expect(!ends.client.isAliveAndSilent())
        #expect(ends.workspace.recordCount == 0)
    }

    /// The loop says nothing more where the kernel has nothing more: whoever got bytes must know that there is more to be told.
    @Test(arguments: [12, 13]) func anEndThatComesWithTheLastBytesIsTold(version: Int) throws {
        let ends = try open(version)
        ends.server.flushDeferred()
        #expect(ends.client.receiveAll() == ([], .wouldBlock))
        #expect(ends.server.send(text(100), isLast: true) == .done)
        ends.client.noteReadable()
        var block = [UInt8](repeating: 0, count: 1000)
        #expect(unsafe block.withUnsafeMutableBytes { unsafe ends.client.receive(into: $0.baseAddress!, room: 1000) } == .bytes(100))
        #expect(ends.client.mayReceive)
        #expect(unsafe block.withUnsafeMutableBytes { unsafe ends.client.receive(into: $0.baseAddress!, room: 1000) } == .end)
    }

    @Test(arguments: [12, 13]) func aFaultThatComesWithTheLastBytesIsTold(version: Int) throws {
        let ends = try open(version)
        ends.server.flushDeferred()
        #expect(ends.client.receiveAll() == ([], .wouldBlock))
        #expect(ends.server.send(text(100)) == .done)
        sayPlain(ends.descriptors.server, [23, 3, 3, 0, 40] + [UInt8](repeating: 7, count: 40))
        ends.client.noteReadable()
        var block = [UInt8](repeating: 0, count: 1000)
        #expect(unsafe block.withUnsafeMutableBytes { unsafe ends.client.receive(into: $0.baseAddress!, room: 1000) } == .bytes(100))
        #expect(ends.client.mayReceive)
        #expect(unsafe block.withUnsafeMutableBytes { unsafe ends.client.receive(into: $0.baseAddress!, room: 1000) } == .failed(EPROTO))
    }
}

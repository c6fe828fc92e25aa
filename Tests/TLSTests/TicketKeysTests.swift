import CertificateForge
import Foundation
import Testing

@testable import TLS

@Suite struct TicketKeysTests {
    // MARK: Keys of the process

    @Test func aNewKeyComesEachPeriodAndTwoOldOnesStay() throws {
        let keys = try TicketKeys(period: 100, now: 1_000)
        let first = keys.names
        #expect(first.count == 1)
        #expect(try keys.refresh(now: 1_099) == false)
        #expect(keys.names == first)
        #expect(try keys.refresh(now: 1_100))
        let second = keys.names
        #expect(second.count == 2 && second[1] == first[0] && second[0] != first[0])
        #expect(try keys.refresh(now: 1_205))
        #expect(keys.names.dropFirst() == second[...])
        #expect(try keys.refresh(now: 1_310))
        #expect(keys.names.count == 3)
        #expect(!keys.names.contains(first[0]))
    }

    @Test func keysThatNobodyUsedForTwoPeriodsAreGone() throws {
        let keys = try TicketKeys(period: 100, now: 0)
        #expect(try keys.refresh(now: 100))
        let names = keys.names
        // Nobody looked at the clock from 100 on. The newest sealed until now; the other stopped at 100.
        #expect(try keys.refresh(now: 299))
        #expect(keys.names.count == 3)
        let more = try TicketKeys(period: 100, now: 0)
        #expect(try more.refresh(now: 100))
        #expect(try more.refresh(now: 300))
        #expect(more.names.count == 2)
        #expect(names.count == 2)
    }

    @Test func aClockThatGoesBackChangesNothing() throws {
        let keys = try TicketKeys(period: 100, now: 1_000)
        #expect(try keys.refresh(now: 0) == false)
        #expect(keys.names.count == 1)
    }

    // MARK: Keys of a file

    private func randomKeys(_ count: Int) -> [UInt8] { (0..<count * TicketKeys.keySize).map { _ in UInt8.random(in: 0...255) } }

    @Test func keysOfAFileAreThoseOfTheFile() throws {
        let forge = try Forge()
        let bytes = randomKeys(3)
        try forge.write(bytes, to: "keys")
        let keys = try TicketKeys(file: forge.path("keys"))
        #expect(keys.names == [0, 80, 160].map { Array(bytes[$0..<$0 + 16]) })
        #expect(try keys.refresh(now: 0) == false)
        let more = randomKeys(1) + bytes
        try forge.write(more, to: "keys")
        #expect(try keys.refresh(now: 0))
        #expect(keys.names.count == 4 && keys.names[0] == Array(more[..<16]))
        // The name alone does not tell keys apart.
        var changed = more
        changed[40] ^= 1
        try forge.write(changed, to: "keys")
        #expect(try keys.refresh(now: 0))
    }

    private func fault(_ bytes: [UInt8], mode: mode_t = 0o600) throws -> String? {
        let forge = try Forge()
        try forge.write(bytes, to: "keys")
        forge.protect("keys", mode)
        do throws(TicketKeyFault) {
            _ = try TicketKeys(file: forge.path("keys"))
            return nil
        } catch {
            return error.description.replacingOccurrences(of: forge.directory.path + "/", with: "")
        }
    }

    @Test func filesThatAreNotSafeAreRefused() throws {
        let good = randomKeys(1)
        #expect(try fault(good) == nil)
        #expect(try fault(good, mode: 0o640) == nil)
        for mode: mode_t in [0o644, 0o604, 0o602, 0o620] {
            #expect(try fault(good, mode: mode)?.hasPrefix("`keys` may be read or changed by others, who could then read connections or make tickets; `chmod 600 keys`") == true)
        }
        #expect(try fault([])?.hasPrefix("`keys` has 0 bytes, which is no number of keys of 80;") == true)
        #expect(try fault(Array(good.dropLast()))?.hasPrefix("`keys` has 79 bytes") == true)
        #expect(try fault(Array(randomKeys(1).prefix(48)))?.hasPrefix("`keys` has 48 bytes") == true)
        #expect(try fault(Array(Data(good).base64EncodedString().utf8))?.contains("write keys as bytes, not as text") == true)
        #expect(try fault(randomKeys(17))?.hasPrefix("`keys` has more than 16 keys;") == true)
        #expect(try fault(randomKeys(16)) == nil)
        #expect(try fault(good + good)?.hasPrefix("key 2 in `keys` has the name of one before it;") == true)
        #expect(try fault([UInt8](repeating: 0, count: 80))?.hasPrefix("key 1 in `keys` is not random;") == true)
        #expect(try fault(Array(good.prefix(48)) + [UInt8](repeating: 7, count: 32))?.hasPrefix("key 1 in `keys` is not random;") == true)
    }

    @Test func aFileThatGoesBadLeavesTheKeys() throws {
        let forge = try Forge()
        try forge.write(randomKeys(2), to: "keys")
        let keys = try TicketKeys(file: forge.path("keys"))
        let names = keys.names
        try forge.write(randomKeys(2).dropLast(), to: "keys")
        #expect(throws: TicketKeyFault.self) { try keys.refresh(now: 0) }
        try FileManager.default.removeItem(atPath: forge.path("keys"))
        #expect(throws: TicketKeyFault.self) { try keys.refresh(now: 0) }
        #expect(keys.names == names)
    }

    // MARK: Tickets

    @Test(arguments: [12, 13]) func aSessionIsResumedOnAnotherContextWithTheSameKeys(_ version: Int32) throws {
        let keys = try TicketKeys(period: 100, now: 0)
        let client = try HandshakeClient(trusting: "root.pem")
        let first = try client.handshake(with: HandshakeServer(keys), version)
        #expect(first.isDone && !first.isResumed)
        #expect(first.ticketName == keys.names[0])
        // As after a reload: the context is another, the keys are the same.
        let second = try client.handshake(with: HandshakeServer(keys), version)
        #expect(second.isDone && second.isResumed)
        // Other keys: a new session, not a failure.
        let third = try client.handshake(with: HandshakeServer(TicketKeys(period: 100, now: 0)), version)
        #expect(third.isDone && !third.isResumed)
    }

    @Test(arguments: [12, 13]) func aTicketOfAnOldKeyIsTakenAndReplaced(_ version: Int32) throws {
        let keys = try TicketKeys(period: 100, now: 0)
        let server = try HandshakeServer(keys)
        let client = try HandshakeClient(trusting: "root.pem")
        #expect(client.handshake(with: server, version).isDone)
        let old = keys.names[0]
        #expect(try keys.refresh(now: 100))
        let result = client.handshake(with: server, version)
        #expect(result.isResumed)
        #expect(result.ticketName == keys.names[0] && keys.names[0] != old)
        // Three more: the key that sealed the ticket is gone.
        for now: Int64 in [200, 300, 400] { #expect(try keys.refresh(now: now)) }
        let late = client.handshake(with: server, version)
        #expect(late.isDone && !late.isResumed)
    }

    @Test func twoMachinesWithOneFileResumeEachOthersSessions() throws {
        let forge = try Forge()
        try forge.write(randomKeys(2), to: "keys")
        let client = try HandshakeClient(trusting: "root.pem")
        #expect(try !client.handshake(with: HandshakeServer(TicketKeys(file: forge.path("keys"))), 13).isResumed)
        #expect(try client.handshake(with: HandshakeServer(TicketKeys(file: forge.path("keys"))), 13).isResumed)
    }

    /// Loops shake hands while the keys change under them.
    @Test func keysMayChangeWhileTicketsAreMade() async throws {
        let keys = try TicketKeys(period: 1, now: 0)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let server = try HandshakeServer(keys)
                    let client = try HandshakeClient(trusting: "root.pem")
                    return (0..<50).reduce(0) { count, _ in count + (client.handshake(with: server, 13).isDone ? 1 : 0) }
                }
            }
            group.addTask {
                for now: Int64 in 1...500 { _ = try keys.refresh(now: now) }
                return 0
            }
            var done = 0
            for try await count in group { done += count }
            #expect(done == 200)
        }
    }
}

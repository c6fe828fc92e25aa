import FuzzChecks
import HTTP2
import HTTP2Wire
import HTTPMessage
import Testing

/// Clients that keep their windows shut, or open them by crumbs: each stream that waits so is given up, and no other is.
@Suite struct StallTests {
    private static let end = "closed 1 client.window.too-slow"

    /// A session whose client opens no window by itself; each request is answered with `count` bytes.
    private func stalled(_ count: Int, streams: Int = 1, now: Int64 = 0) -> RecordedStreams {
        let session = RecordedStreams.opened()
        session.whenEnded = { $0.answer($1, Array(repeating: 98, count: count)) }
        session.take(Wire.settings([(4, 0)]), now: now)
        for index in 0..<streams { session.take(Wire.get(UInt32(2 * index + 1)), now: now) }
        _ = session.sent(now: now)
        return session
    }

    private func ended(_ session: RecordedStreams) -> Int { session.events.count { $0.hasSuffix("client.window.too-slow") } }

    @Test func aStreamWhoseWindowStaysShutEndsAlone() {
        let session = stalled(100, now: 1000)
        #expect(session.stallDeadline == 31_000)
        session.checkStall(now: 30_999)
        #expect(session.openStreams == 1)
        session.checkStall(now: 31_000)
        #expect(session.failure == nil && session.events.last == Self.end)
        #expect(session.frames(now: 31_000).map(\.description) == ["RST_STREAM 1 11"])
        #expect(session.openStreams == 0 && session.stallDeadline == .max && !session.isOver)
        session.take(Wire.get(3) + Wire.windowUpdate(3, 100), now: 31_000)
        _ = session.sent(now: 31_000)
        #expect(session.events.last == "closed 3 complete")
    }

    @Test func eachStreamHasItsOwnTime() {
        let session = stalled(100)
        session.take(Wire.get(3), now: 20_000)
        _ = session.sent(now: 20_000)
        session.checkStall(now: 30_000)
        #expect(session.events.last == Self.end && session.openStreams == 2)
        _ = session.sent(now: 30_000)
        #expect(session.stallDeadline == 50_000)
        session.checkStall(now: 50_000)
        #expect(session.events.last == "closed 3 client.window.too-slow" && session.failure == nil)
    }

    /// Tiny windows, one byte at a time, do not count as progress; a page now and then does.
    @Test(arguments: [(1, true), (2000, false)]) func aSlowReaderIsCut(bytes: Int, isCut: Bool) {
        let session = stalled(1 << 20)
        var now: Int64 = 0
        while now < 120_000 && session.openStreams > 0 {
            now += 5000
            session.take(Wire.windowUpdate(1, bytes), now: now)
            _ = session.sent(now: now)
            session.checkStall(now: now)
            _ = session.sent(now: now)
        }
        #expect((session.events.last == Self.end) == isCut && session.failure == nil)
        #expect(isCut ? now == 30_000 : now == 120_000)
    }

    /// What one stream gets further is nothing to those beside it.
    @Test func aDownloadThatGoesOnCoversNoOthers() {
        let session = stalled(1 << 20, streams: 100)
        for now in stride(from: Int64(5000), through: 60_000, by: 5000) {
            let crumbs = session.live.keys.flatMap { Wire.windowUpdate(UInt32($0), $0 == 1 ? 2000 : 1) }
            session.take(crumbs, now: now)
            _ = session.sent(now: now)
            session.checkStall(now: now)
            _ = session.sent(now: now)
            #expect(ended(session) == (now < 30_000 ? 0 : 99), "\(now)")
        }
        #expect(session.failure == nil && session.openStreams == 1)
    }

    /// Streams that wait for the connection's window alone share it: what comes through it must be enough for all of them, in whatever order.
    @Test(arguments: [(1000, true), (20_000, false)]) func theWindowOfTheConnectionIsEverybodys(bytes: Int, isCut: Bool) {
        let session = stalled(1 << 20, streams: 100)
        session.take(Wire.settings([(4, 1 << 20)]))
        _ = session.sent()
        for now in stride(from: Int64(5000), through: 60_000, by: 5000) {
            session.take(Wire.windowUpdate(0, bytes), now: now)
            _ = session.sent(now: now)
            session.checkStall(now: now)
            _ = session.sent(now: now)
        }
        #expect(session.failure == nil)
        if isCut { #expect(session.openStreams < 10) } else { #expect(session.openStreams == 100) }
    }

    /// It waits from when there was something to send: the session heard nothing for long before.
    @Test func aPauseOfTheAppIsNotTheClients() throws {
        let session = RecordedStreams.opened()
        session.whenEnded = { $0.answer($1, [], ends: false) }
        session.take(Wire.settings([(4, 0)]) + Wire.get(1))
        _ = session.sent()
        session.outgoing[1] = "event".octets
        session.resume(try #require(session.live[1]), now: 100_000)
        _ = session.sent(now: 100_000)
        #expect(session.stallDeadline == 130_000)
        session.checkStall(now: 129_999)
        #expect(session.openStreams == 1)
        session.checkStall(now: 130_000)
        #expect(session.events.last == Self.end)
    }

    /// All that there is was sent, and fills the window: it waits for nothing of the client's.
    @Test func aWindowThatIsFullIsNotShut() throws {
        let session = RecordedStreams.opened()
        session.whenEnded = { $0.answer($1, "event".octets, ends: false) }
        session.take(Wire.settings([(4, 5)]) + Wire.get(1))
        _ = session.sent()
        #expect(session.stallDeadline == .max)
        session.outgoing[1] = "another".octets
        session.resume(try #require(session.live[1]), now: 50_000)
        _ = session.sent(now: 50_000)
        #expect(session.stallDeadline == 80_000)
        session.take(Wire.windowUpdate(1, 7), now: 70_000)
        #expect(session.frames(now: 70_000).map(\.description) == ["DATA 1 7"] && session.stallDeadline == .max)
    }

    /// The window is open: what it waits for is its turn, or that the client takes what was sent already.
    @Test func aStreamThatWaitsForItsTurnIsLeftAlone() {
        let session = stalled(1 << 20)
        session.take(Wire.windowUpdate(0, 1 << 20) + Wire.windowUpdate(1, 1 << 20), now: 29_000)
        session.checkStall(now: 30_000)
        #expect(session.openStreams == 1)
        _ = session.sent(now: 30_000)
        #expect(session.events.last == "closed 1 complete")
    }

    /// A client that makes a way of it is cut off.
    @Test func stalledStreamsAreFaultsOfTheClient() {
        var settings = SessionSettings()
        settings.floods.faults = FloodBudget(10, perSecond: 0)
        let session = RecordedStreams.opened(settings)
        session.whenEnded = { $0.answer($1, "body".octets) }
        session.take(Wire.settings([(4, 0)]))
        var now: Int64 = 0
        for index in 0..<12 where session.failure == nil {
            session.take(Wire.get(UInt32(2 * index + 1)), now: now)
            _ = session.sent(now: now)
            now += 30_000
            session.checkStall(now: now)
            _ = session.sent(now: now)
        }
        #expect(session.failure == .clientFloodFaults && ended(session) == 11)
    }
}

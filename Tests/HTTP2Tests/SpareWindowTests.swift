import FuzzChecks
import HTTP2
import HTTP2Wire
import Testing

/// Bodies that nobody takes, and the connection's window for those beside them.
@Suite struct SpareWindowTests {
    /// A client that sends what its windows let through.
    private struct Uploads {
        let session: RecordedStreams
        /// Bytes that the connection's window lets through.
        private(set) var room = 1 << 20
        private var number: UInt32 = 1

        init(spare: SpareWindow) { session = RecordedStreams.opened(spare: spare) }

        /// Takes WINDOW_UPDATE frames.
        mutating func look() {
            for frame in session.frames() where frame.type == 8 && frame.stream == 0 { room += frame.number(0) }
        }

        /// Begins a hundred uploads, and sends as much as each may.
        mutating func begin() { for _ in 0..<100 { beginOne() } }

        private mutating func beginOne() {
            defer { number += 2 }
            session.take(Wire.headers(number, Wire.post, ends: false))
            var left = 65_535
            while left > 0 && room > 0 {
                let count = min(left, room, 16_000)
                session.take(Wire.frame(0, stream: number, Array(repeating: 97, count: count)))
                room -= count
                left -= count
                look()
            }
        }
    }

    @Test func bodiesThatNobodyTakesLeaveTheOthersTheConnection() {
        let spare = SpareWindow(32 << 20)
        var uploads = Uploads(spare: spare)
        uploads.begin()
        #expect(uploads.session.bodies.values.allSatisfy { $0.count == 65_535 } && uploads.session.bodies.count == 100)
        #expect(uploads.room > 0 && uploads.session.failure == nil)
    }

    /// However they end, each byte of the windows comes back once.
    @Test(arguments: [false, true]) func whatWasTakenIsGivenBack(areConsumed: Bool) {
        let spare = SpareWindow(1_000_000)
        var uploads = Uploads(spare: spare)
        for _ in 0..<3 {
            uploads.begin()
            #expect(spare.taken == 1_000_000 && uploads.room == 0)
            let received = uploads.session.bodies.values.reduce(0) { $0 + $1.count }
            #expect(received <= (1 << 20) + 1_000_000)
            for stream in uploads.session.live.values {
                if areConsumed { uploads.session.consume(stream, stream.unconsumed) }
                uploads.session.reset(stream, .cancel)
            }
            uploads.look()
            uploads.session.live = [:]
            uploads.session.bodies = [:]
            #expect(spare.taken == 0)
            // Less than half a window is not worth a frame.
            #expect(uploads.room > 1 << 19 && uploads.room <= 1 << 20)
        }
    }

    @Test func aConnectionThatEndsGivesBackWhatItTook() {
        let spare = SpareWindow(32 << 20)
        do {
            var uploads = Uploads(spare: spare)
            uploads.begin()
            #expect(spare.taken > 5_000_000)
        }
        #expect(spare.taken == 0)
    }
}

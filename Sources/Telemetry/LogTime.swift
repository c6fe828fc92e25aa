/// The time of day as log texts, rendered once a second and copied in between. UTC always: a log line means the same on every host.
struct LogTime {
    /// `23/Nov/2026:00:10:09 +0000`
    private(set) var common: [UInt8]
    /// `2026-11-23T00:10:09`, without fraction and zone.
    private(set) var iso: [UInt8]
    /// The second that the texts stand for, since 1970.
    private var second: Int64
    private let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

    init() {
        common = Array("01/Jan/1970:00:00:00 +0000".utf8)
        iso = Array("1970-01-01T00:00:00".utf8)
        second = 0
    }

    /// Makes the texts those of `now`, in seconds since 1970. Costs a comparison within a second.
    mutating func update(_ now: Int64) {
        guard now != second else { return }
        second = now
        let clock = UnixTime(seconds: now)
        Self.write(clock.day, digits: 2, to: &common, at: 0)
        for index in 0..<3 { common[3 + index] = months[(clock.month - 1) * 3 + index] }
        Self.write(clock.year, digits: 4, to: &common, at: 7)
        Self.writeClock(clock, to: &common, at: 12)
        Self.write(clock.year, digits: 4, to: &iso, at: 0)
        Self.write(clock.month, digits: 2, to: &iso, at: 5)
        Self.write(clock.day, digits: 2, to: &iso, at: 8)
        Self.writeClock(clock, to: &iso, at: 11)
    }

    private static func writeClock(_ clock: UnixTime, to text: inout [UInt8], at place: Int) {
        write(clock.hour, digits: 2, to: &text, at: place)
        write(clock.minute, digits: 2, to: &text, at: place + 3)
        write(clock.second, digits: 2, to: &text, at: place + 6)
    }

    private static func write(_ number: Int, digits: Int, to text: inout [UInt8], at place: Int) {
        var rest = number
        for index in stride(from: place + digits - 1, through: place, by: -1) {
            text[index] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
    }
}

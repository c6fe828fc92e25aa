import Foundation
import Testing

@testable import Telemetry

@Suite struct UnixTimeTests {
    @Test(arguments: [
        (0, [1970, 1, 1, 0, 0, 0]), (951_782_399, [2000, 2, 28, 23, 59, 59]), (951_782_400, [2000, 2, 29, 0, 0, 0]),
        (951_868_800, [2000, 3, 1, 0, 0, 0]), (1_795_392_609, [2026, 11, 23, 0, 10, 9]), (4_107_542_399, [2100, 2, 28, 23, 59, 59]),
        (4_107_542_400, [2100, 3, 1, 0, 0, 0]), (-1, [1969, 12, 31, 23, 59, 59]), (253_402_300_799, [9999, 12, 31, 23, 59, 59]),
        (253_402_300_800, [9999, 12, 31, 23, 59, 59]), (Int64.min, [0, 1, 1, 0, 0, 0]),
    ] as [(Int64, [Int])])
    func knownTimes(_ seconds: Int64, _ parts: [Int]) {
        let time = UnixTime(seconds: seconds)
        #expect([time.year, time.month, time.day, time.hour, time.minute, time.second] == parts)
    }

    /// Every 58 days from 1938 to 2318, against Foundation's calendar.
    @Test func agreesWithACalendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "GMT"))
        for seconds in stride(from: Int64(-1_000_000_000), to: 11_000_000_000, by: 4_999_999) {
            let time = UnixTime(seconds: seconds)
            let parts = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(time.year == parts.year && time.month == parts.month && time.day == parts.day)
            #expect(time.hour == parts.hour && time.minute == parts.minute && time.second == parts.second)
        }
    }
}

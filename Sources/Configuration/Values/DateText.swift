/// Points and periods of time as the configuration writes them (RFC 3339, in UTC): `2026-12-31`, `2026-12-31T23:59:59Z`,
/// `2026-12-01T10:00Z/2h`.
enum DateText {
    /// Seconds since 1970-01-01 UTC. A date alone is its first second.
    static func parse(_ text: String) throws(ValueFault) -> Int64 {
        let fault = ValueFault(.valueDate, "\(quoted(text)) is not a date", help: "a date is `2026-12-31`, or `2026-12-31T23:59:59Z` in UTC")
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = decimal(bytes[0..<4]), let month = decimal(bytes[5..<7]), let day = decimal(bytes[8..<10])
        else { throw fault }
        guard year >= 1970, (1...12).contains(month), day >= 1, day <= days(in: Int64(month), of: Int64(year)) else {
            throw ValueFault(.valueDate, "\(quoted(text)) is no day of a calendar from 1970 on")
        }
        var seconds = dayNumber(Int64(year), Int64(month), Int64(day)) * 86_400
        guard bytes.count > 10 else { return seconds }
        guard bytes[10] == UInt8(ascii: "T"), bytes.last == UInt8(ascii: "Z"), bytes.count == 17 || bytes.count == 20 else {
            let isLocal = bytes[10] == UInt8(ascii: "T") && bytes.last != UInt8(ascii: "Z")
            throw isLocal ? ValueFault(.valueDate, "\(quoted(text)) does not end in `Z`", help: "times are in UTC") : fault
        }
        guard bytes[13] == UInt8(ascii: ":"), let hour = decimal(bytes[11..<13], limit: 23), let minute = decimal(bytes[14..<16], limit: 59)
        else { throw fault }
        seconds += Int64(hour) * 3600 + Int64(minute) * 60
        if bytes.count == 20 {
            guard bytes[16] == UInt8(ascii: ":"), let second = decimal(bytes[17..<19], limit: 59) else { throw fault }
            seconds += Int64(second)
        }
        return seconds
    }

    /// `START/DURATION`: its first second, and how many seconds there are.
    static func parsePeriod(_ text: String) throws(ValueFault) -> (start: Int64, seconds: Int64) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw ValueFault(
                .valuePeriod, "\(quoted(text)) is not a period", help: "a period is when it begins, `/` and how long it is: `2026-12-01T10:00Z/2h`")
        }
        let start = try parse(String(parts[0]))
        let seconds = try DurationText.parse(String(parts[1])).components.seconds
        guard seconds >= 1, seconds <= 366 * 86_400 else {
            throw ValueFault(.valueRange, "\(quoted(parts[1])) is too \(seconds < 1 ? "short" : "long")", help: "a period has from 1s to 366d")
        }
        return (start, seconds)
    }

    /// As `parse` takes it; without a time where that is midnight.
    static func write(_ seconds: Int64) -> String {
        var days = seconds / 86_400
        let time = seconds % 86_400
        var year: Int64 = 1970
        while days >= (isLeap(year) ? 366 : 365) {
            days -= isLeap(year) ? 366 : 365
            year += 1
        }
        var month: Int64 = 1
        while days >= self.days(in: month, of: year) {
            days -= self.days(in: month, of: year)
            month += 1
        }
        let date = "\(year)-\(two(month))-\(two(days + 1))"
        return time == 0 ? date : "\(date)T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))Z"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    private static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && year % 100 != 0 || year % 400 == 0 }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01.
    private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let before = year - 1
        var days = before * 365 + before / 4 - before / 100 + before / 400 - 719_162
        for earlier in 1..<month { days += self.days(in: earlier, of: year) }
        return days + day - 1
    }
}

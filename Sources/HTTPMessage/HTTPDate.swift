/// Dates as fields carry them (IMF-fixdate, RFC 9110 §5.6.7): `Thu, 31 Dec 2026 23:59:59 GMT`.
public enum HTTPDate {
    /// - Parameter seconds: since 1970-01-01 UTC, not below 0.
    public static func text(_ seconds: Int64) -> String {
        precondition(seconds >= 0)
        let (year, month, day) = calendarDay(seconds / 86_400)
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(seconds / 86_400 % 7)]
        let name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][Int(month) - 1]
        let time = "\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        return "\(weekday), \(two(day)) \(name) \(year < 1000 ? "0" : "")\(year) \(time) GMT"
    }

    /// `2026-12-31T23:59:59Z` (RFC 3339), for bodies.
    ///
    /// - Parameter seconds: since 1970-01-01 UTC, not below 0.
    public static func timestamp(_ seconds: Int64) -> String {
        precondition(seconds >= 0)
        let (year, month, day) = calendarDay(seconds / 86_400)
        return "\(year)-\(two(month))-\(two(day))T\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60))Z"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The day of the calendar that a number of days since 1970-01-01 is, counted in years that begin on 1 March.
    private static func calendarDay(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

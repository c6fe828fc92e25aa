// unsafe: reads the bytes of string literals in place
import Buffers

/// The `Date` of the present second in HTTP's form (RFC 9110 §5.6.7), written anew once a second.
struct DateText {
    private var bytes = InlineArray<29, UInt8>(repeating: 0x20)
    private var second = Int64.min

    init() {}

    /// The text for `second` (since 1970).
    mutating func update(_ second: Int64) {
        guard second != self.second else { return }
        self.second = second
        let days = Int((second >= 0 ? second : second - 86_399) / 86_400)
        let ofDay = Int(second) - days * 86_400
        let weekdays: StaticString = "ThuFriSatSunMonTueWed"
        let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
        let (year, month, day) = Self.civil(days)
        copy(weekdays, ((days % 7) + 7) % 7, to: 0)
        bytes[3] = 0x2C
        two(day, at: 5)
        copy(months, month - 1, to: 8)
        two(year / 100, at: 12)
        two(year % 100, at: 14)
        two(ofDay / 3600, at: 17)
        bytes[19] = 0x3A
        two(ofDay / 60 % 60, at: 20)
        bytes[22] = 0x3A
        two(ofDay % 60, at: 23)
        bytes[26] = 0x47
        bytes[27] = 0x4D
        bytes[28] = 0x54
    }

    func append(to out: inout OutputBuffer) { out.append(bytes.span) }

    private mutating func two(_ value: Int, at index: Int) {
        bytes[index] = UInt8(0x30 + value / 10)
        bytes[index + 1] = UInt8(0x30 + value % 10)
    }

    private mutating func copy(_ names: StaticString, _ number: Int, to index: Int) {
        for offset in 0..<3 { bytes[index + offset] = unsafe names.utf8Start[number * 3 + offset] }
    }

    /// Days since 1970 as a date of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

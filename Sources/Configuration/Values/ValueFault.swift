/// Why a text is not a value of its type. The option that it was given for adds what was expected.
struct ValueFault: Error {
    var code: DiagnosticCode
    var message: String
    var help: String?
    /// The bytes of the text that are wrong, if it is not the whole.
    var part: Range<Int>?

    init(_ code: DiagnosticCode, _ message: String, help: String? = nil, part: Range<Int>? = nil) {
        self.code = code
        self.message = message
        self.help = help
        self.part = part
    }
}

/// The value of decimal digits; nil if there are none, if something else stands among them, or above `limit`.
func decimal(_ digits: some Collection<UInt8>, limit: UInt64 = .max) -> UInt64? {
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for byte in digits {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
        guard !overflow, !carry, sum <= limit else { return nil }
        value = sum
    }
    return value
}

/// A number and the unit behind it: `10s` is 10 and "s". nil if there are no digits, or more than fit.
func numberAndUnit(_ text: String) -> (number: UInt64, unit: String)? {
    let digits = text.utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    guard let number = decimal(digits) else { return nil }
    return (number, String(text[digits.endIndex...]))
}

/// A value that was read and checked.
public enum OptionValue: Sendable, Hashable {
    case duration(Duration)
    case byteCount(UInt64)
    /// Bytes a second.
    case byteRate(UInt64)
    case rate(Rate)
    case integer(Int)
    case boolean(Bool)
    case network(CIDR)
    case listenAddress(ListenAddress)
    case serverAddress(ServerAddress)
    case fileMode(UInt16)
    /// Seconds since 1970-01-01 UTC.
    case date(Int64)
    /// The first second since 1970-01-01 UTC, and how many there are.
    case period(start: Int64, seconds: Int64)
    indirect case entry(OptionEntry)
    /// A choice, token, host, text, log target or section name.
    case word(String)
    /// One of the option's alternatives to a value of its type: `off`, `auto`, `none`.
    case keyword(String)
}

extension OptionType {
    /// Reads one value.
    func parse(_ text: String) throws(ValueFault) -> OptionValue {
        switch self {
        case .duration(let range): return .duration(try Self.checked(try DurationText.parse(text), text, range, "long", "short"))
        case .byteCount(let range): return .byteCount(try Self.checked(try ByteCountText.parse(text), text, range, "large", "small"))
        case .byteRate(let range): return .byteRate(try Self.checked(try ByteCountText.parseRate(text), text, range, "large", "small"))
        case .rate: return .rate(try Rate.parse(text))
        case .integer(let range): return .integer(try Self.integer(text, range))
        case .boolean:
            switch text {
            case "on": return .boolean(true)
            case "off": return .boolean(false)
            default:
                let likely: String? =
                    switch text.lowercased() {
                    case "true", "yes", "1", "on", "enabled": "on"
                    case "false", "no", "0", "off", "disabled": "off"
                    default: nil
                    }
                throw ValueFault(
                    .valueBoolean, "\(quoted(text)) is neither on nor off", help: likely.map { "did you mean `\($0)`?" })
            }
        case .choice(let names):
            guard names.contains(text) else { throw ValueFault(.valueChoice, "\(quoted(text)) is not a choice here") }
            return .word(text)
        case .network: return .network(try CIDR.parse(text))
        case .listenAddress: return .listenAddress(try ListenAddress.parse(text))
        case .serverAddress: return .serverAddress(try ServerAddress.parse(text))
        case .host: return .word(try Self.host(text))
        case .logTarget: return .word(try Self.logTarget(text))
        case .token:
            let bytes = Array(text.utf8)
            if let wrong = bytes.firstIndex(where: { !Self.isTokenByte($0) }) {
                var end = wrong + 1
                while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
                throw ValueFault(.valueToken, "\(quoted(text)) is not a plain word", part: wrong..<end)
            }
            return .word(text)
        case .string:
            if text.utf8.contains(where: { $0 < 0x20 && $0 != UInt8(ascii: "\t") || $0 == 0x7F }) {
                throw ValueFault(.valueString, "a control character in a text")
            }
            return .word(text)
        case .fileMode:
            let digits = text.utf8.first == UInt8(ascii: "0") && text.utf8.count == 4 ? text.utf8.dropFirst() : text.utf8[...]
            let isOctal = digits.count == 3 && digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "7") }
            guard isOctal, let mode = UInt16(text, radix: 8) else {
                throw ValueFault(.valueFileMode, "\(quoted(text)) are not permission bits", help: "they are three octal digits, with or without a `0` before them")
            }
            return .fileMode(mode)
        case .section: return .word(text)
        case .date: return .date(try DateText.parse(text))
        case .period:
            let (start, seconds) = try DateText.parsePeriod(text)
            return .period(start: start, seconds: seconds)
        // What is said of a value stands in other words: `EntryCheck` reads them.
        case .entry(let type, let schema):
            return .entry(OptionEntry(value: try type.parse(text), attributes: OptionValues(defaultsOf: schema)))
        }
    }

    private static func checked<Value: Comparable>(
        _ value: Value, _ text: String, _ range: ClosedRange<Value>, _ above: String, _ below: String
    ) throws(ValueFault) -> Value {
        guard !range.contains(value) else { return value }
        throw ValueFault(.valueRange, "\(quoted(text)) is too \(value > range.upperBound ? above : below)")
    }

    private static func integer(_ text: String, _ range: ClosedRange<Int>) throws(ValueFault) -> Int {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            throw ValueFault(.valueInteger, "\(quoted(text)) is not a whole number")
        }
        guard let value = Int(text) else {
            throw ValueFault(.valueRange, "\(quoted(text)) is too \(digits.count == text.utf8.count ? "large" : "small")")
        }
        return try checked(value, text, range, "large", "small")
    }

    private static func host(_ text: String) throws(ValueFault) -> String {
        if let mark = text.firstRange(of: "://") {
            let rest = text[mark.upperBound...].prefix { $0 != "/" }
            throw ValueFault(.valueHost, "\(quoted(text)) is a URL, not a host", help: "did you mean \(quoted(rest))?")
        }
        guard let authority = Authority(text) else { throw ValueFault(.valueHost, "\(quoted(text)) is not a host") }
        _ = try authority.portNumber(.valueHost, smallest: 1, of: text)
        if let address = IPAddress(authority.host), address.isIPv6 == authority.isBracketed { return text }
        if authority.isBracketed || authority.host.contains(":") {
            throw ValueFault(.valueHost, "\(quoted(text)) is not a host", help: "an IPv6 address stands in brackets")
        }
        if let fault = HostName.fault(authority.host) {
            throw ValueFault(.valueHost, "the host \(quoted(authority.host)) \(fault)")
        }
        return text
    }

    private static func logTarget(_ text: String) throws(ValueFault) -> String {
        if text == "stdout" || text == "stderr" { return text }
        let likely: String? = ["on", "true", "yes", "-"].contains(text.lowercased()) ? "did you mean `stdout`?" : nil
        guard text.contains("/") else {
            throw ValueFault(
                .valueLogTarget, "\(quoted(text)) is not a place for the log",
                help: likely ?? "a path has a `/` in it: `./\(text)`")
        }
        if text.utf8.last == UInt8(ascii: "/") { throw ValueFault(.valueLogTarget, "\(quoted(text)) is a directory") }
        if text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { throw ValueFault(.valueLogTarget, "a control character in a path") }
        return text
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension OptionValue: CustomStringConvertible {
    /// As the configuration could write it.
    public var description: String {
        switch self {
        case .duration(let duration): DurationText.write(duration)
        case .byteCount(let count): ByteCountText.write(count)
        case .byteRate(let count): ByteCountText.write(count) + "/s"
        case .rate(let rate): rate.description
        case .integer(let value): String(value)
        case .boolean(let isOn): isOn ? "on" : "off"
        case .network(let network): network.description
        case .listenAddress(let address): address.description
        case .serverAddress(let address): address.description
        case .fileMode(let mode): "0" + String(mode, radix: 8)
        case .date(let seconds): DateText.write(seconds)
        case .period(let start, let seconds): "\(DateText.write(start))/\(DurationText.write(.seconds(seconds)))"
        case .entry(let entry): entry.description
        case .word(let word), .keyword(let word): word
        }
    }
}

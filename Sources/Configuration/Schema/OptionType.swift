/// What the value of an option is. It says how a text is read, what an error expects, and what the reference page shows.
public enum OptionType: Sendable, Equatable {
    /// `500ms`, `10s`, `2m`, `1h`, `1d`.
    case duration(ClosedRange<Duration>)
    /// `512B`, `64KiB`, `1MiB`, `2GiB`.
    case byteCount(ClosedRange<UInt64>)
    /// Bytes a second: `240B/s`, `1MiB/s`.
    case byteRate(ClosedRange<UInt64>)
    /// So many in a unit of time: `100/s`, `10/m`, `1000/h`.
    case rate
    case integer(ClosedRange<Int>)
    /// `on` or `off`.
    case boolean
    /// One of a few words.
    case choice([String])
    /// A network such as `10.0.0.0/8`, or an address alone.
    case network
    /// Where to accept: `127.0.0.1:8080`, `[::1]:8080`, `*:8080`, `unix:/run/x.sock`.
    case listenAddress
    /// Where an app is: `127.0.0.1:9292`, `app.internal:80`, `http://app.internal`, `unix:/run/x.sock`.
    case serverAddress
    /// A host name or address with or without a port, as in a Host field.
    case host
    /// Where the access log goes: `stdout`, `stderr` or the path of a file.
    case logTarget
    /// A word of the characters that HTTP allows in a token (RFC 9110 §5.6.2).
    case token
    /// Any text; in quotes if it has blanks.
    case string
    /// Permission bits in octal: `0660`.
    case fileMode
    /// The name of a section. In a filter: of an app.
    case section
    /// A point in time: `2026-12-31`, `2026-12-31T23:59:59Z`.
    case date
    /// A stretch of time: `2026-12-01T10:00Z/2h`.
    case period
    /// A value and what is said of it in `attribute=value` words, each on a line `option = …` of its own: for repeatable lists. An
    /// attribute that is a list may stand several times.
    indirect case entry(OptionType, OptionSchema)

    /// What an error says was expected of one value.
    var expectation: String {
        switch self {
        case .duration(let range): "a duration from \(DurationText.write(range.lowerBound)) to \(DurationText.write(range.upperBound))"
        case .byteCount(let range):
            range.upperBound == .max
                ? "a size such as `1MiB`"
                : "a size from \(ByteCountText.write(range.lowerBound)) to \(ByteCountText.write(range.upperBound))"
        case .byteRate(let range):
            "a rate from \(ByteCountText.write(range.lowerBound))/s to \(ByteCountText.write(range.upperBound))/s"
        case .rate: "a rate such as `100/s`"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "`on` or `off`"
        case .choice(let names): alternatives(names)
        case .network: "a network such as `10.0.0.0/8`"
        case .listenAddress: "an address such as `127.0.0.1:8080`, `*:8080` or `unix:/run/x.sock`"
        case .serverAddress: "a server such as `127.0.0.1:9292`, `http://app:80` or `unix:/run/x.sock`"
        case .host: "a host such as `app.internal` or `app.internal:8080`"
        case .logTarget: "`stdout`, `stderr` or the path of a file"
        case .token: "a word of letters, digits, `-`, `_` and `.`"
        case .string: "a text"
        case .fileMode: "permission bits such as `0660`"
        case .section: "the name of a section"
        case .date: "a date such as `2026-12-31` or `2026-12-31T23:59:59Z`"
        case .period: "a period such as `2026-12-01T10:00Z/2h`"
        case .entry(let type, _): type.expectation
        }
    }

    /// What the reference page calls it.
    public var title: String {
        switch self {
        case .duration: "duration"
        case .byteCount: "size"
        case .byteRate: "size a second"
        case .rate: "rate"
        case .integer: "number"
        case .boolean: "`on`, `off`"
        case .choice(let names): names.map { "`\($0)`" }.joined(separator: ", ")
        case .network: "network"
        case .listenAddress: "address"
        case .serverAddress: "server"
        case .host: "host"
        case .logTarget: "`stdout`, `stderr`, path"
        case .token: "word"
        case .string: "text"
        case .fileMode: "octal mode"
        case .section: "section name"
        case .date: "date"
        case .period: "period"
        case .entry(let type, _): type.title
        }
    }

    /// The allowed range as text, if there is one worth saying.
    public var range: String? {
        switch self {
        case .duration(let range): "\(DurationText.write(range.lowerBound)) to \(DurationText.write(range.upperBound))"
        case .byteCount(let range):
            range.upperBound == .max ? nil : "\(ByteCountText.write(range.lowerBound)) to \(ByteCountText.write(range.upperBound))"
        case .byteRate(let range): "\(ByteCountText.write(range.lowerBound))/s to \(ByteCountText.write(range.upperBound))/s"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        default: nil
        }
    }
}

import Buffers
import EventLoops
import FilterAPI
import HTTPMessage

/// The times of one exchange for its `Server-Timing` field (W3C Server Timing), nanoseconds on the loop's clock, read at the moment: the
/// loop's own time stands still within a turn.
struct Stopwatch {
    /// The head was there.
    var began: Int64
    /// The head was handed to the app, in the last try; 0 before that.
    private(set) var sent: Int64 = 0
    /// The first byte came back; 0 before that.
    var heard: Int64 = 0
    /// By filter, where this exchange is timed.
    private(set) var filters: [(number: Int, time: Int64)] = []

    init(began: Int64) { self.began = began }

    /// A try begins.
    mutating func ask(at time: Int64) {
        sent = time
        heard = 0
    }

    mutating func add(_ time: Int64, toFilter number: Int) {
        if let index = filters.firstIndex(where: { $0.number == number }) {
            filters[index].time &+= time
        } else {
            filters.append((number, time))
        }
    }

    /// Nanoseconds of the app, from the head to its first byte; nil if it was not asked or has not answered.
    var app: Int64? { sent > 0 && heard >= sent ? heard &- sent : nil }
}

extension Exchange {
    /// Writes the field, where the listener tells times.
    func writeServerTiming(to client: ClientSide) {
        guard let stopwatch else { return }
        let total = loop.clockNanoseconds() &- stopwatch.began
        client.output.append("Server-Timing: gateway;dur=")
        Self.append(total &- (stopwatch.app ?? 0), to: &client.output)
        if let app = stopwatch.app {
            client.output.append(", app;dur=")
            Self.append(app, to: &client.output)
        }
        for filter in stopwatch.filters {
            // Names of sections are tokens (RFC 9110 §5.6.2).
            client.output.append(", filter.")
            client.output.append(text: proxy.filterNames[filter.number])
            client.output.append(";dur=")
            Self.append(filter.time, to: &client.output)
        }
        client.output.appendCRLF()
    }

    /// Milliseconds with three digits behind the point.
    private static func append(_ nanoseconds: Int64, to out: inout OutputBuffer) {
        let microseconds = UInt64(max(0, nanoseconds) / 1000)
        out.append(decimal: microseconds / 1000)
        let rest = microseconds % 1000
        out.append(byte: UInt8(ascii: "."))
        if rest < 100 { out.append(byte: UInt8(ascii: "0")) }
        if rest < 10 { out.append(byte: UInt8(ascii: "0")) }
        out.append(decimal: rest)
    }
}

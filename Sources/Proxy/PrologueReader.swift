import EventLoops
import FilterAPI

/// A filter that reads the beginning of a listener's connections, with what is asked of it once.
struct PrologueReader {
    let filter: any PrologueFilter
    /// Bytes that it is shown at most.
    let longest: Int
    /// Milliseconds for a whole prologue.
    let timeout: Int64

    /// - Parameter headTimeout: the listener's, in milliseconds.
    init(_ filter: any PrologueFilter, headTimeout: Int64) {
        self.filter = filter
        longest = min(max(1, filter.longestPrologue), Prologue.most)
        timeout = max(1, filter.prologueTimeout ?? headTimeout)
    }
}

extension SocketAddress {
    /// The address as filters see it.
    var end: ConnectionEnd {
        let plain = unmapped
        return plain.ip.map { .ip($0, port: plain.port) } ?? .unix
    }

    init(_ end: ConnectionEnd) {
        switch end {
        case .ip(let address, let port):
            self =
                address.isIPv6
                ? SocketAddress.ipv6(address.high, address.low, port: port).unmapped : .ipv4(UInt32(truncatingIfNeeded: address.high >> 32), port: port)
        case .unix: self = .unnamed
        }
    }
}

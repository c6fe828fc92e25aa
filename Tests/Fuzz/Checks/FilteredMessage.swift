import BasicAuth
import CORS
import ConcurrencyLimit
import FilterAPI
import FilterTesting
import ForwardAuth
import Gunzip
import Gzip
import Headers
import Healthcheck
import IPAccess
import Maintenance
import ProxyProtocol
import RateLimit
import Redirect
import RequestID
import SizeLimit
import VersionNegotiation

/// The built-in filters, as main.swift lists them, but for those that bytes alone cannot drive. A test compares the two lists.
package let builtInFilters: [any FilterPlugin.Type] = [
    BasicAuth.self,
    CORS.self,
    ConcurrencyLimit.self,
    ForwardAuth.self,
    Gunzip.self,
    Gzip.self,
    Headers.self,
    Healthcheck.self,
    IPAccess.self,
    Maintenance.self,
    ProxyProtocol.self,
    RateLimit.self,
    Redirect.self,
    RequestID.self,
    SizeLimit.self,
    VersionNegotiation.self,
]

package let builtInFilterNames = builtInFilters.map { $0.name }

/// A pipeline of built-in filters, a request and the app's response, read from the input of a fuzz target: four parts, with a line `==`
/// between two.
///
///     use = headers
///     request-set = "X-A: b"
///     ==
///     GET / HTTP/1.1
///     Host: a
///     ==
///     HTTP/1.1 200 OK
///     ==
///     the body
///
/// A line `use = NAME` begins the next filter. In heads, LF stands for CRLF, and the empty line at the end is added. Of a filter that reads
/// the beginning of connections, all that stands behind the first `==` is that beginning, as it is.
struct FilteredMessage {
    var filters: [(plugin: any FilterPlugin.Type, options: String)] = []
    var request: [UInt8]
    var response: [UInt8]
    var body: [UInt8]
    /// The beginning of a connection.
    var prologue: [UInt8]
    /// The one filter reads the beginning of connections.
    var isPrologue: Bool { filters.count == 1 && filters[0].plugin.place == .listener }

    /// The one filter is gzip.
    var isCodedOnly: Bool { filters.count == 1 && filters[0].plugin.name == Gzip.name }

    /// Nil if the first part names no filter first, or too many, or a store of limits.
    init?(_ bytes: [UInt8]) {
        var parts: [[UInt8]] = [[]]
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            if parts.count < 4 && line.elementsEqual("==".utf8) {
                parts.append([])
                rest = rest.dropFirst(line.count + 1)
            } else if parts.count == 4 {
                parts[3] += rest
                rest = []
            } else {
                parts[parts.count - 1] += Array(line) + [UInt8(ascii: "\n")]
                rest = rest.dropFirst(line.count + 1)
            }
        }
        while parts.count < 4 { parts.append([]) }
        request = Self.wire(parts[1])
        response = Self.wire(parts[2])
        body = parts[3]
        let mark = "==\n".octets
        let start = bytes.indices.first { (($0 == 0 || bytes[$0 - 1] == UInt8(ascii: "\n")) && bytes[$0...].starts(with: mark)) }
        prologue = start.map { Array(bytes[($0 + mark.count)...]) } ?? []
        for line in String(decoding: parts[0], as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("use = ") {
                let name = line.dropFirst("use = ".count)
                guard filters.count < 6, let plugin = builtInFilters.first(where: { $0.name == name }) else { return nil }
                filters.append((plugin, ""))
            } else if filters.isEmpty {
                return nil
            } else if line.hasPrefix("store") {
                // Nothing is connected to, wherever an address leads.
                return nil
            } else {
                filters[filters.count - 1].options += line + "\n"
            }
        }
        if filters.isEmpty { return nil }
    }

    private static func wire(_ head: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in head {
            if byte == UInt8(ascii: "\n") && bytes.last != UInt8(ascii: "\r") { bytes.append(UInt8(ascii: "\r")) }
            bytes.append(byte)
        }
        while bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) { bytes.removeLast(2) }
        return bytes + "\r\n".octets
    }
}

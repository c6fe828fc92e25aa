// unsafe: reads the bytes of string literals in place
import Buffers
import EventLoops

/// The text of an IP address, without port and brackets, in place: it is written once a connection and read once a request.
struct AddressText {
    private var bytes = InlineArray<46, UInt8>(repeating: 0)
    private(set) var count = 0
    /// IPv6 needs quotes and brackets in `Forwarded` (RFC 7239 §6).
    private(set) var isIPv6 = false

    init() {}

    init(_ address: SocketAddress) {
        let address = address.unmapped
        isIPv6 = address.family == .ipv6
        if address.family == .unix {
            append("unix")
            return
        }
        var copy = InlineArray<46, UInt8>(repeating: 0)
        var length = 0
        address.withIPText { text in
            length = min(text.count, 46)
            for index in 0..<length { copy[index] = text[index] }
        }
        bytes = copy
        count = length
    }

    private mutating func append(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount {
            bytes[count] = unsafe text.utf8Start[index]
            count += 1
        }
    }

    @inline(__always)
    func append(to out: inout OutputBuffer) { out.append(span) }

    var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes.span.extracting(0..<count) }
    }
}

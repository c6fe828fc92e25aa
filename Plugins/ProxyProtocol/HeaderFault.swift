import FilterAPI

/// What is wrong with a header.
enum HeaderFault: Error, CaseIterable {
    /// The connection begins with something else.
    case missing
    case malformed
    /// It is longer than this filter takes.
    case tooLong
    /// Its checksum is another.
    case checksum

    var reason: ReplyReason {
        switch self {
        case .missing: Self.missingReason
        case .malformed: Self.malformedReason
        case .tooLong: Self.tooLongReason
        case .checksum: Self.checksumReason
        }
    }

    private static let missingReason = ReplyReason(
        "proxy.missing", "The connection does not begin with a PROXY protocol header", fault: .config,
        happened: "A connection from one of the filter's sources begins with something else, such as a request or a TLS handshake. It was closed without an answer: who of a proxy's clients sends it is not known.",
        advice: "Have the proxy send the header (send-proxy-v2 in HAProxy, proxy_protocol on in nginx's stream module), or take its address out of sources. A proxy's own health checks need it as well (check-send-proxy).")
    private static let malformedReason = ReplyReason(
        "proxy.malformed", "The PROXY protocol header is malformed", fault: .client,
        happened: "A connection from one of the filter's sources begins as a PROXY protocol header does, and does not go on as the specification says. It was closed without an answer.",
        advice: "Look at the proxy's version, and at what it sends: tcpdump -A -s 256 port PORT.")
    private static let tooLongReason = ReplyReason(
        "proxy.too-long", "The PROXY protocol header is too long", fault: .client,
        happened: "A PROXY protocol header of version 2 says that it has more than 4096 bytes. The connection was closed without waiting for them.",
        advice: "Have the proxy send fewer TLVs: a client's certificate in them, for example, can be large.")
    private static let checksumReason = ReplyReason(
        "proxy.checksum", "The checksum of the PROXY protocol header is wrong", fault: .client,
        happened: "A PROXY protocol header of version 2 has a CRC32C that is not the one of its bytes. The connection was closed without an answer.",
        advice: "Something between the proxy and the gateway changes bytes, or the proxy computes it wrongly.")
}

/// The texts of one exchange, lent to the access-log encoder for one call. All are raw bytes as they came; the encoder escapes and
/// cuts them. An empty one is written as absent.
public struct ExchangeTexts: ~Escapable {
    /// The client's address without its port.
    public let client: Span<UInt8>
    /// The method as sent. Empty: no request line was read.
    public let method: Span<UInt8>
    /// The request target as sent.
    public let target: Span<UInt8>
    /// Host and port that the request is for.
    public let host: Span<UInt8>
    /// The Referer field.
    public let referer: Span<UInt8>
    /// The User-Agent field.
    public let userAgent: Span<UInt8>
    /// The name of the upstream, as in the config.
    public let upstream: Span<UInt8>
    /// The address of the app server.
    public let server: Span<UInt8>
    /// The id that a filter gave the exchange.
    public let id: Span<UInt8>

    @inlinable
    @_lifetime(copy client, copy method, copy target, copy host, copy referer, copy userAgent, copy upstream, copy server, copy id)
    public init(
        client: Span<UInt8>, method: Span<UInt8>, target: Span<UInt8>, host: Span<UInt8>, referer: Span<UInt8>,
        userAgent: Span<UInt8>, upstream: Span<UInt8>, server: Span<UInt8>, id: Span<UInt8>
    ) {
        self.client = client
        self.method = method
        self.target = target
        self.host = host
        self.referer = referer
        self.userAgent = userAgent
        self.upstream = upstream
        self.server = server
        self.id = id
    }
}

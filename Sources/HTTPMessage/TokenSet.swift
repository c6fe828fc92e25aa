/// A set of field tokens in 128 bits: membership is a shift and a mask.
public struct TokenSet: Equatable, Sendable, ExpressibleByArrayLiteral {
    @usableFromInline var low: UInt64
    @usableFromInline var high: UInt64

    @inlinable
    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    @inlinable public init() { self.init(low: 0, high: 0) }

    @inlinable
    public init(arrayLiteral tokens: FieldToken...) {
        self.init()
        for token in tokens { insert(token) }
    }

    @inlinable
    public mutating func insert(_ token: FieldToken) {
        let bit = UInt64(token.rawValue)
        if bit < 64 { low |= 1 &<< bit } else { high |= 1 &<< (bit &- 64) }
    }

    @inlinable
    public mutating func remove(_ token: FieldToken) {
        let bit = UInt64(token.rawValue)
        if bit < 64 { low &= ~(1 &<< bit) } else { high &= ~(1 &<< (bit &- 64)) }
    }

    @inlinable
    public func contains(_ token: FieldToken) -> Bool {
        let bit = UInt64(token.rawValue)
        // `&>>` takes the shift modulo 64, so one shift serves both words.
        return ((bit < 64 ? low : high) &>> bit) & 1 != 0
    }

    @inlinable
    public func union(_ other: TokenSet) -> TokenSet { TokenSet(low: low | other.low, high: high | other.high) }

    @inlinable public var isEmpty: Bool { low | high == 0 }
}

extension TokenSet {
    /// This set with `token`. A chain of it folds to two constants where all are known when compiling, which an array literal does not.
    @inlinable @inline(__always)
    public func adding(_ token: FieldToken) -> TokenSet {
        var set = self
        set.insert(token)
        return set
    }

    /// Fields that end at this connection (RFC 9110 §7.6.1), whether `Connection` names them or not.
    @inlinable
    public static var hopByHop: TokenSet {
        TokenSet().adding(.connection).adding(.keepAlive).adding(.proxyConnection).adding(.te).adding(.trailer)
            .adding(.transferEncoding).adding(.upgrade)
    }

    /// Fields that say where a request came from and who sent it (RFC 9440 among them). The gateway writes its own; those of an
    /// untrusted client are never passed on.
    @inlinable
    public static var forwarding: TokenSet {
        TokenSet().adding(.forwarded).adding(.via).adding(.xForwardedFor).adding(.xForwardedHost).adding(.xForwardedPort)
            .adding(.xForwardedProto).adding(.xRealIP).adding(.clientCert).adding(.clientCertChain)
    }
}

/// What a message loses on its way through a gateway.
extension TokenSet {
    /// Never copied from a request: what ends at this connection (RFC 9110 §7.6.1, `Proxy-Authorization` included, which is meant
    /// for the proxy that asked for it), framing, and Host and Expect, which the caller writes itself.
    @inlinable
    public static var requestDrops: TokenSet {
        TokenSet.hopByHop.adding(.host).adding(.contentLength).adding(.expect).adding(.proxyAuthorization)
    }

    /// Never copied from a response: what ends at this connection, and framing.
    @inlinable
    public static var responseDrops: TokenSet { TokenSet.hopByHop.adding(.contentLength) }

    /// Framing, routing, authentication, and what the gateway vouches for.
    @inlinable
    public static var forbiddenInTrailers: TokenSet {
        TokenSet.forwarding.adding(.contentLength).adding(.transferEncoding).adding(.host).adding(.connection).adding(.upgrade)
            .adding(.authorization).adding(.proxyAuthorization).adding(.cookie).adding(.setCookie).adding(.wwwAuthenticate)
            .adding(.proxyAuthenticate).adding(.location).adding(.origin)
            .adding(.xRequestID)
    }

    /// Without meaning in a trailer (RFC 9110 §6.5.1).
    @inlinable
    public static var pointlessInTrailers: TokenSet {
        TokenSet.hopByHop.adding(.contentEncoding).adding(.contentType).adding(.contentRange).adding(.contentLocation)
            .adding(.contentLanguage).adding(.contentDisposition).adding(.age).adding(.cacheControl).adding(.expires)
            .adding(.date).adding(.retryAfter).adding(.vary).adding(.expect).adding(.maxForwards).adding(.range)
            .adding(.ifMatch).adding(.ifNoneMatch).adding(.ifModifiedSince).adding(.ifUnmodifiedSince).adding(.ifRange)
            .adding(.gatewayReason).adding(.accept).adding(.acceptEncoding).adding(.acceptLanguage).adding(.userAgent)
            .adding(.referer).adding(.server).adding(.proxyAuthenticationInfo)
    }
}

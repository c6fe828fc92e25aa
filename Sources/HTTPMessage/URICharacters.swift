import Buffers

extension UInt8 {
    /// Means itself wherever it stands in a URI (RFC 3986 §2.3).
    public var isUnreservedCharacter: Bool { isAlphanumeric || "-._~".utf8.contains(self) }

    /// May stand in a path (RFC 3986 §3.3), `/` and the `%` of an escape among them.
    public var isPathCharacter: Bool { isUnreservedCharacter || "/:@!$&'()*+,;=%".utf8.contains(self) }

    /// May stand in a query (RFC 3986 §3.4).
    public var isQueryCharacter: Bool { isPathCharacter || self == UInt8(ascii: "?") }

    /// May stand somewhere in a URI or a reference to one (RFC 3986 §2).
    public var isURICharacter: Bool { isQueryCharacter || "#[]".utf8.contains(self) }

    /// May stand in the target of a request here: visible ASCII but `#`. Clients send more than a URI may hold.
    @inlinable public var isTargetCharacter: Bool { self > 0x20 && self < 0x7F && self != UInt8(ascii: "#") }
}

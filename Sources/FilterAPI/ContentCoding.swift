/// A content coding (RFC 9110 §8.4.1), as Accept-Encoding and Content-Encoding name it.
public enum ContentCoding: Int, Sendable, CaseIterable {
    case identity, gzip, deflate, compress, brotli, zstd

    /// The coding of the name in bytes `range`, whatever its letter case; nil for others. The old names `x-gzip` and `x-compress` are
    /// known (RFC 9110 §8.4.1.3).
    public init?(_ bytes: Span<UInt8>, _ range: ByteRange) {
        if bytes.matches(range, ignoringCase: "gzip") || bytes.matches(range, ignoringCase: "x-gzip") {
            self = .gzip
        } else if bytes.matches(range, ignoringCase: "br") {
            self = .brotli
        } else if bytes.matches(range, ignoringCase: "zstd") {
            self = .zstd
        } else if bytes.matches(range, ignoringCase: "deflate") {
            self = .deflate
        } else if bytes.matches(range, ignoringCase: "identity") {
            self = .identity
        } else if bytes.matches(range, ignoringCase: "compress") || bytes.matches(range, ignoringCase: "x-compress") {
            self = .compress
        } else {
            return nil
        }
    }
}

/// What a client says of content codings: Accept-Encoding (RFC 9110 §12.5.3). Allocates nothing.
public struct AcceptedCodings: Sendable {
    /// In thousandths by coding; -1 for what is not named.
    private var weights = SIMD8<Int16>(repeating: -1)
    /// The weight of `*`; -1 without it.
    private var others: Int16 = -1

    /// Reads all lines of the field. An element with a bad weight is passed over; of two with one name the larger weight counts.
    public init(_ fields: borrowing Fields) {
        var line = fields.firstIndex(of: .acceptEncoding)
        while let index = line {
            var list = TokenList(fields.valueRange(at: index))
            while let element = list.next(in: fields.bytes) {
                guard let weight = ParameterList.weight(of: element, in: fields.bytes).map({ Int16($0) }) else { continue }
                let name = TokenList.name(of: element, in: fields.bytes)
                if let coding = ContentCoding(fields.bytes, name) {
                    weights[coding.rawValue] = max(weights[coding.rawValue], weight)
                } else if fields.bytes.matches(name, ignoringCase: "*") {
                    others = max(others, weight)
                }
            }
            line = fields.firstIndex(of: .acceptEncoding, from: index + 1)
        }
    }

    /// The weight of a coding in thousandths: its own, else that of `*`. 0 is a refusal, and so is no word of it; but `identity` is only
    /// refused in so many words, and else has 1.
    public func weight(of coding: ContentCoding) -> Int {
        let own = weights[coding.rawValue] >= 0 ? weights[coding.rawValue] : others
        return own >= 0 ? Int(own) : coding == .identity ? 1 : 0
    }

    /// The client takes the coding, and does not like an uncoded response better. False where it says nothing at all.
    public func prefers(_ coding: ContentCoding) -> Bool {
        let weight = weight(of: coding)
        return weight > 0 && weight >= self.weight(of: .identity)
    }
}

extension Fields {
    /// Whether a list field has this element, in any line and letter case: `lists("no-transform", in: .cacheControl)`.
    ///
    /// - Parameter element: in lower case.
    public func lists(_ element: StaticString, in token: FieldToken) -> Bool {
        var line = firstIndex(of: token)
        while let index = line {
            var list = TokenList(valueRange(at: index))
            while let found = list.next(in: bytes) {
                if bytes.matches(found, ignoringCase: element) { return true }
            }
            line = firstIndex(of: token, from: index + 1)
        }
        return false
    }
}

extension Response {
    /// Removes the fields that are true only of the bytes that the app sent: digests of them (RFC 9530 and its elders) and the offer of
    /// ranges. For filters that change the body.
    public mutating func removeByteFields() {
        fields.remove(.contentMD5)
        for name in Self.byteFields { fields.remove(name) }
    }

    /// The app announces a digest of its bytes behind the body (RFC 9110 §6.6.2): of other bytes it would be wrong.
    public var announcesDigest: Bool {
        guard fields.contains(.trailer) else { return false }
        return fields.lists("content-digest", in: .trailer) || fields.lists("repr-digest", in: .trailer) || fields.lists("digest", in: .trailer)
            || fields.lists("content-md5", in: .trailer)
    }

    private static let byteFields: [FieldName] = ["Content-Digest", "Repr-Digest", "Digest", "Accept-Ranges"]
}

/// Tells the entity tags of a transformed representation from those of the app's own (RFC 9110 §8.8.3.3): `"x"` becomes `"x-gz"` on its way
/// to the client, and `"x-gz"` becomes `"x"` on its way to the app. Weak tags stay as they are: both representations mean the same.
public struct EntityTagSuffix: Sendable {
    private let bytes: [UInt8]

    /// - Parameter text: printable ASCII without a double quote; traps on others: a mistake of the program.
    public init(_ text: StaticString) {
        bytes = Array("\(text)".utf8)
        precondition(!bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") })
    }

    /// Adds it to the ETag of a response whose body is transformed. What is no entity tag, and one of several, is removed: nobody could tell
    /// what it means.
    public func add(to response: inout Response) {
        guard let index = response.fields.firstIndex(of: .etag) else { return }
        var tags = EntityTagList(response.fields.valueRange(at: index))
        let tag = tags.next(in: response.fields.bytes)
        let isAlone = tags.isAtEnd && response.fields.firstIndex(of: .etag, from: index + 1) == nil
        guard let tag, isAlone else { return response.fields.remove(.etag) }
        guard !tag.isWeak else { return }
        var value: [UInt8] = []
        value.reserveCapacity(Int(tag.opaque.count) + bytes.count + 2)
        value.append(UInt8(ascii: "\""))
        for at in tag.opaque.range { value.append(response.fields.bytes[at]) }
        value += bytes
        value.append(UInt8(ascii: "\""))
        response.fields.remove(.etag)
        response.fields.append(Self.etag, bytes: value.span)
    }

    /// Takes it off the tags of a precondition field, If-Match or If-None-Match, weak ones too. Lines that have none are not touched.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func remove(from token: FieldToken, of request: inout Request) -> Bool {
        var found = false
        let count = request.fields.count
        for index in 0..<count where request.fields.isPresent(at: index) && request.fields.isNamed(FieldName(token), at: index) {
            guard let value = stripped(request.fields.valueRange(at: index), request.fields.bytes) else { continue }
            found = true
            request.fields.remove(at: index)
            request.fields.append(FieldName(token), bytes: value.span)
        }
        return found
    }

    /// The value without the suffix; nil if no tag has it.
    private func stripped(_ range: ByteRange, _ fields: Span<UInt8>) -> [UInt8]? {
        var value: [UInt8]?
        var copied = range.lower
        var tags = EntityTagList(range)
        while let tag = tags.next(in: fields) {
            guard Int(tag.opaque.count) > bytes.count, fields.ends(tag.opaque, with: bytes) else { continue }
            var text = value ?? []
            for at in copied..<(tag.opaque.upper - bytes.count) { text.append(fields[at]) }
            copied = tag.opaque.upper
            value = text
        }
        guard var value else { return nil }
        for at in copied..<range.upper { value.append(fields[at]) }
        return value
    }

    /// Adds it to the ETag of a 304 if that confirms a tag which the client sent with the suffix: the client then finds what it has stored.
    /// For requests in which `remove` found one in If-None-Match.
    public func restore(on response: inout Response, for request: borrowing Request) {
        guard let line = response.fields.firstIndex(of: .etag) else { return }
        var own = EntityTagList(response.fields.valueRange(at: line))
        guard let confirmed = own.next(in: response.fields.bytes), !confirmed.isWeak else { return }
        // The client's own lines were removed, but stand where they stood.
        for index in 0..<request.fields.count where request.fields.isNamed(Self.ifNoneMatch, at: index) {
            guard !request.fields.isPresent(at: index) else { continue }
            var tags = EntityTagList(request.fields.valueRange(at: index))
            while let tag = tags.next(in: request.fields.bytes) {
                let count = Int(tag.opaque.count) - bytes.count
                guard count == Int(confirmed.opaque.count), request.fields.bytes.ends(tag.opaque, with: bytes) else { continue }
                var isSame = true
                for at in 0..<count
                where request.fields.bytes[tag.opaque.lower + at] != response.fields.bytes[confirmed.opaque.lower + at] { isSame = false }
                if isSame { return add(to: &response) }
            }
        }
    }

    private static let etag = FieldName(.etag)
    private static let ifNoneMatch = FieldName(.ifNoneMatch)
}

/// Walks the entity tags of ETag, If-Match or If-None-Match (RFC 9110 §8.8.3). It ends at what is none, such as `*`. A backslash is an
/// ordinary character in a tag, and so is a comma: `TokenList` would misread both.
public struct EntityTagList: Sendable {
    public struct Tag: Sendable {
        public var isWeak: Bool
        /// What stands between the quotes.
        public var opaque: ByteRange
    }

    private var at: Int
    private let end: Int
    /// All of the value was read, and nothing but tags was in it.
    public private(set) var isAtEnd = false

    /// The tags in the bytes `value`.
    public init(_ value: ByteRange) {
        at = value.lower
        end = value.upper
    }

    /// The next tag, or nil behind the last one. Traps if the value is not inside `bytes`.
    public mutating func next(in bytes: Span<UInt8>) -> Tag? {
        skipSeparators(bytes)
        var start = at
        let isWeak = end - start >= 2 && bytes[start] == UInt8(ascii: "W") && bytes[start + 1] == UInt8(ascii: "/")
        if isWeak { start += 2 }
        guard start < end, bytes[start] == UInt8(ascii: "\"") else { return nil }
        var close = start + 1
        while close < end, bytes[close] != UInt8(ascii: "\"") {
            guard bytes[close] > 0x20, bytes[close] != 0x7F else { return nil }
            close += 1
        }
        guard close < end else { return nil }
        at = close + 1
        // Two tags without a comma between them are no list.
        guard at == end || bytes[at].isFieldSpace || bytes[at] == UInt8(ascii: ",") else { return nil }
        skipSeparators(bytes)
        return Tag(isWeak: isWeak, opaque: ByteRange(start: start + 1, count: close - start - 1))
    }

    private mutating func skipSeparators(_ bytes: Span<UInt8>) {
        while at < end, bytes[at].isFieldSpace || bytes[at] == UInt8(ascii: ",") { at += 1 }
        isAtEnd = at == end
    }
}

import FilterAPI

/// Where a request can name its version.
enum VersionSource: String, Sendable {
    case path, header, accept, query
}

/// A field that names a version: `X-API-Version: 2.15`, or with service types, `OpenStack-API-Version: compute 2.27, volume 3.1`.
struct VersionHeader: Sendable {
    let name: FieldName
    /// In lower case; empty for a field without service types.
    let services: [[UInt8]]

    init(_ entry: OptionEntry, at index: Int) throws(ConfigurationError) {
        guard let name = FieldName(entry.value.description), name.token == .unknown else {
            throw ConfigurationError(
                "`\(entry.value)` cannot name a version", option: "header", value: index, help: "take a field of its own, such as `X-API-Version`")
        }
        self.name = name
        services = entry.attributes.words("service").map { $0.utf8.map(\.asciiLowercased) }
        if services.contains(where: { $0.count > 64 }) {
            throw ConfigurationError("a service type has at most 64 characters", option: "header", value: index)
        }
    }

    /// The last word that is for this service; nil if there is none.
    func word(_ fields: borrowing Fields) -> ByteRange? {
        var found: ByteRange?
        var index = fields.firstIndex(of: name)
        while let line = index {
            var list = TokenList(fields.valueRange(at: line))
            while let element = list.next(in: fields.bytes) {
                if let word = word(of: element, fields.bytes) { found = word }
            }
            index = fields.firstIndex(of: name, from: line &+ 1)
        }
        return found
    }

    private func word(of element: ByteRange, _ bytes: Span<UInt8>) -> ByteRange? {
        if services.isEmpty { return element }
        var end = element.lower
        while end < element.upper && !bytes[end].isFieldSpace { end &+= 1 }
        let service = ByteRange(start: element.lower, count: end &- element.lower)
        for index in services.indices where bytes.isWord(service, services[index]) {
            while end < element.upper && bytes[end].isFieldSpace { end &+= 1 }
            return ByteRange(start: end, count: element.upper &- end)
        }
        return nil
    }
}

/// A parameter of the query that names a version: `?api-version=2026-11-28`.
struct VersionParameter: Sendable {
    let name: [UInt8]

    enum Value {
        case none
        case word(ByteRange)
        /// It stands twice, with different values.
        case ambiguous
    }

    /// - Parameter query: with its `?`, or empty.
    func value(_ bytes: Span<UInt8>, _ query: ByteRange) -> Value {
        var found: ByteRange?
        var at = query.lower &+ 1
        while at < query.upper {
            var end = at
            var equals = -1
            while end < query.upper && bytes[end] != UInt8(ascii: "&") {
                if equals < 0 && bytes[end] == UInt8(ascii: "=") { equals = end }
                end &+= 1
            }
            let nameEnd = equals < 0 ? end : equals
            if bytes.isSegment(ByteRange(start: at, count: nameEnd &- at), name) {
                let start = equals < 0 ? end : equals &+ 1
                let value = ByteRange(start: start, count: end &- start)
                if let found, !bytes.equal(found, value) { return .ambiguous }
                found = value
            }
            at = end &+ 1
        }
        return if let found { .word(found) } else { .none }
    }
}

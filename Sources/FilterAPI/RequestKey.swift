/// What requests are told apart by, for filters that count or choose: `client-address`, `header:X-Api-Key`, or several of them joined by `+`.
/// Make it when the filter is made; to hash a request then allocates nothing.
///
/// All spellings of one thing are one key: an IPv4-mapped address is the IPv4 address; a client's IPv6 address counts by its network; hosts
/// have no letter case, port or last dot; paths are decoded; the scheme of `Authorization` has no letter case. A field or cookie that stands
/// several times in a request gives all such requests one key, whatever its values: no two readers agree on which of them counts.
public struct RequestKey: Sendable, Hashable, CustomStringConvertible {
    private enum Part: Sendable, Hashable {
        case all, clientAddress, clientCertificate, host, method, path
        case template(PathTemplate)
        case header(FieldName)
        case cookie([UInt8])
    }

    /// What an error says could stand there.
    public static let expectation = "`client-address`, `client-certificate`, `host`, `method`, `path`, `path:/SHAPE`, `header:NAME`, `cookie:NAME`, several joined by `+`, or `all`"

    public let description: String
    private var parts: [Part] = []
    /// The usual case, for speed.
    private var isClientAlone = false
    public let ipv4Prefix: Int
    public let ipv6Prefix: Int

    /// - Parameters:
    ///   - text: as in the configuration.
    ///   - ipv4Prefix: leading bits of a client's IPv4 address that count; 0 to 32.
    ///   - ipv6Prefix: the same for IPv6, 0 to 128. A client usually has a whole /64, so more bits let it be many.
    ///   - option: the option that an error points at.
    public init(
        _ text: String, ipv4Prefix: Int = 32, ipv6Prefix: Int = 64, option: String, value: Int? = nil
    ) throws(ConfigurationError) {
        precondition((0...32).contains(ipv4Prefix) && (0...128).contains(ipv6Prefix))
        description = text
        self.ipv4Prefix = ipv4Prefix
        self.ipv6Prefix = ipv6Prefix
        for word in text.split(separator: "+", omittingEmptySubsequences: false) {
            let part = try Self.part(String(word), option, value)
            guard !parts.contains(part) else { throw ConfigurationError("`\(word)` stands twice in `\(text)`", option: option, value: value) }
            parts.append(part)
        }
        isClientAlone = parts == [.clientAddress]
    }

    private static func part(_ word: String, _ option: String, _ value: Int?) throws(ConfigurationError) -> Part {
        switch word {
        case "all": return .all
        case "client-address": return .clientAddress
        case "client-certificate": return .clientCertificate
        case "host": return .host
        case "method": return .method
        case "path": return .path
        default: break
        }
        let halves = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { throw ConfigurationError("`\(word)` is not a key", option: option, value: value, expected: expectation) }
        switch halves[0] {
        case "path": return .template(try PathTemplate(String(halves[1]), option: option, value: value))
        case "header":
            guard let name = FieldName(halves[1]) else {
                throw ConfigurationError("`\(halves[1])` is not the name of a field", option: option, value: value, expected: "`header:NAME`")
            }
            if name.token == .host { return .host }
            return .header(name)
        case "cookie":
            guard let name = FieldName(halves[1]) else {
                throw ConfigurationError("`\(halves[1])` is not the name of a cookie", option: option, value: value, expected: "`cookie:NAME`")
            }
            return .cookie(name.spelling)
        default: throw ConfigurationError("`\(word)` is not a key", option: option, value: value, expected: expectation)
        }
    }

    // MARK: Keys of requests

    /// The request fields that it looks at, for `FilterPlugin.order`.
    public var fieldNames: [FieldName] {
        parts.compactMap { part in
            switch part {
            case .header(let name): name
            case .cookie: FieldName(.cookie)
            default: nil
            }
        }
    }

    /// A keyed hash of the request's key; nil if one of its parts is not there: a field, a cookie, or a path of that shape. Other spellings
    /// of fields that it looks at are taken off the request, so that the app sees what was seen here.
    ///
    /// Of n keys, two collide with a chance of about n² / 2⁶⁵: one in 40 million for a million keys. They then count as one.
    ///
    /// - Parameter seed: random, of the table that the hash is for. The hash is of no use to another process.
    public func hash(of request: inout Request, seed: UInt64) -> UInt64? {
        if isClientAlone {
            var hash = KeyHash(seed: seed)
            writeAddress(request.clientAddress, to: &hash)
            return hash.finish()
        }
        for index in parts.indices {
            if case .header(let name) = parts[index] { request.fields.stripAliases(of: name) }
        }
        var hash = KeyHash(seed: seed)
        return write(request, to: &hash) ? hash.finish() : nil
    }

    /// The request's key in bytes, which are the same in every process; nil if one of its parts is not there. Different keys have different
    /// bytes. They may hold what only the client and the app should know.
    public func bytes(of request: borrowing Request) -> [UInt8]? {
        var bytes = KeyBytes()
        return write(request, to: &bytes) ? bytes.bytes : nil
    }

    private func write(_ request: borrowing Request, to key: inout some KeyWriting) -> Bool {
        for index in parts.indices {
            switch parts[index] {
            case .all: break
            case .clientAddress: writeAddress(request.clientAddress, to: &key)
            case .clientCertificate:
                guard let certificate = request.clientCertificate else { return false }
                for byte in certificate { key.append(byte) }
                key.append(length: UInt32(clamping: certificate.count))
            case .host: Self.writeHost(request, to: &key)
            case .method: Self.write(request.methodRange, request.fields.bytes, to: &key)
            case .path:
                PathTemplate.writePath(request, to: &key)
                key.append(length: .max)
            case .template(let template):
                guard template.matches(request) else { return false }
                template.writeCaptures(request, to: &key)
            case .header(let name):
                guard Self.writeField(name, request, to: &key) else { return false }
            case .cookie(let name):
                guard Self.writeCookie(name, request, to: &key) else { return false }
            }
        }
        return true
    }

    /// All clients of a unix socket are one.
    private func writeAddress(_ address: IPAddress?, to key: inout some KeyWriting) {
        guard let address = address?.unmapped else { return key.append(word: 0) }
        if address.isIPv6 {
            key.append(word: 6)
            key.append(word: address.high & Self.mask(ipv6Prefix))
            key.append(word: address.low & Self.mask(ipv6Prefix &- 64))
        } else {
            key.append(word: 4 | (address.high >> 32 & Self.mask(ipv4Prefix &+ 32)) << 32)
        }
    }

    /// The first `bits` of a word.
    private static func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(.max >> UInt64(bits)) }

    private static func writeHost(_ request: borrowing Request, to key: inout some KeyWriting) {
        let bytes = request.fields.bytes
        let host = AuthorityParts(bytes, request.authorityRange).host
        for index in host.range { key.append(bytes[index].asciiLowercased) }
        key.append(length: host.count)
    }

    private static func write(_ range: ByteRange, _ bytes: Span<UInt8>, to key: inout some KeyWriting) {
        for index in range.range { key.append(bytes[index]) }
        key.append(length: range.count)
    }

    private static func writeField(_ name: FieldName, _ request: borrowing Request, to key: inout some KeyWriting) -> Bool {
        guard let line = request.fields.firstIndex(of: name) else { return false }
        if request.fields.firstIndex(of: name, from: line &+ 1) != nil {
            key.append(length: .max)
            return true
        }
        let range = request.fields.valueRange(at: line)
        guard !range.isEmpty else { return false }
        guard name.token == .authorization || name.token == .proxyAuthorization else {
            write(range, request.fields.bytes, to: &key)
            return true
        }
        // `bearer  x` is `Bearer x` (RFC 9110 §11.4).
        let bytes = request.fields.bytes
        var isScheme = true
        var count: UInt32 = 0
        for index in range.range {
            let byte = bytes[index]
            if byte.isFieldSpace {
                guard isScheme else { continue }
                isScheme = false
            }
            key.append(isScheme ? byte.asciiLowercased : byte)
            count &+= 1
        }
        key.append(length: count)
        return true
    }

    /// The value of the one cookie with this name (RFC 6265 §4.2.1), without quotes around it.
    private static func writeCookie(_ name: [UInt8], _ request: borrowing Request, to key: inout some KeyWriting) -> Bool {
        let bytes = request.fields.bytes
        var found: ByteRange?
        var line = request.fields.firstIndex(of: .cookie)
        while let index = line {
            let field = request.fields.valueRange(at: index)
            var at = field.lower
            while at < field.upper {
                while at < field.upper && (bytes[at].isFieldSpace || bytes[at] == UInt8(ascii: ";")) { at &+= 1 }
                let start = at
                while at < field.upper && bytes[at] != UInt8(ascii: ";") { at &+= 1 }
                guard let value = cookieValue(name, start, at, bytes) else { continue }
                if found != nil {
                    key.append(length: .max)
                    return true
                }
                found = value
            }
            line = request.fields.firstIndex(of: .cookie, from: index &+ 1)
        }
        guard let found, !found.isEmpty else { return false }
        write(found, bytes, to: &key)
        return true
    }

    private static func cookieValue(_ name: [UInt8], _ start: Int, _ end: Int, _ bytes: Span<UInt8>) -> ByteRange? {
        var equals = start
        while equals < end && bytes[equals] != UInt8(ascii: "=") { equals &+= 1 }
        guard equals < end else { return nil }
        var nameEnd = equals
        while nameEnd > start && bytes[nameEnd &- 1].isFieldSpace { nameEnd &-= 1 }
        guard bytes.matches(ByteRange(start: start, count: nameEnd &- start), name) else { return nil }
        var lower = equals &+ 1
        var upper = end
        while lower < upper && bytes[lower].isFieldSpace { lower &+= 1 }
        while upper > lower && bytes[upper &- 1].isFieldSpace { upper &-= 1 }
        if upper &- lower >= 2, bytes[lower] == UInt8(ascii: "\""), bytes[upper &- 1] == UInt8(ascii: "\"") {
            lower &+= 1
            upper &-= 1
        }
        return ByteRange(start: lower, count: upper &- lower)
    }

    // MARK: For people

    /// The request's key as text, for `Request.explain`.
    public func text(of request: borrowing Request) -> String {
        parts.map { part in
            switch part {
            case .all: "all"
            case .clientAddress: addressText(request.clientAddress)
            case .clientCertificate: request.clientCertificate == nil ? "no certificate" : "the client's certificate"
            case .host: request.authority.lowercased()
            case .method: request.methodText
            case .path: request.path
            case .template(let template): "\(template) (\(request.path))"
            case .header(let name): request.fields[name] ?? "no \(name)"
            case .cookie(let name): "cookie \(String(decoding: name, as: UTF8.self))"
            }
        }.joined(separator: " + ")
    }

    private func addressText(_ address: IPAddress?) -> String {
        guard let address = address?.unmapped else { return "unix" }
        let prefix = address.isIPv6 ? ipv6Prefix : ipv4Prefix
        guard prefix < (address.isIPv6 ? 128 : 32), let network = CIDR(address, prefixLength: prefix) else { return address.description }
        return network.description
    }
}

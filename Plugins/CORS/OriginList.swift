import FilterAPI

/// The origins whose scripts may read answers.
struct OriginList {
    /// Every one: what is answered does not depend on the origin then.
    let isAny: Bool
    private var allowsNull = false
    private var exact = ByteSet()
    private var patterns: [OriginPattern] = []

    init(_ options: FilterOptions, withCredentials: Bool) throws(ConfigurationError) {
        isAny = options.isKeyword("origins", "any")
        if isAny, withCredentials {
            throw ConfigurationError(
                "every site would act with the cookies of whoever visits it", option: "credentials",
                help: "list the origins that may, or leave `credentials` off; browsers refuse `*` with credentials, too")
        }
        for (index, word) in options.words("origins").enumerated() {
            do throws(OriginFault) {
                try add(word, withCredentials: withCredentials)
            } catch {
                throw ConfigurationError(error.message, option: "origins", value: index, expected: "an origin such as `https://app.example.org`", help: error.help)
            }
        }
    }

    private struct OriginFault: Error {
        var message: String
        var help: String?
    }

    private mutating func add(_ word: String, withCredentials: Bool) throws(OriginFault) {
        if word == "*" { throw OriginFault(message: "`*` is not an origin", help: "every origin is `any`") }
        if word == "null" {
            if withCredentials {
                throw OriginFault(message: "`null` is the origin of every page in a sandbox, and would act with cookies", help: "leave it out")
            }
            return allowsNull = true
        }
        var text = word
        var isBelow = false
        var anyPort = false
        if text.hasSuffix(":*") {
            anyPort = true
            text.removeLast(2)
        }
        if let star = text.firstRange(of: "://*.") {
            isBelow = true
            text.replaceSubrange(star, with: "://")
        }
        if text.contains("*") { throw OriginFault(message: "a `*` stands where none can", help: "`https://*.example.org` is every host below it, `http://localhost:*` every port") }
        if text.utf8.contains(where: { $0 >= 0x80 }) { throw OriginFault(message: "`\(word)` is not ASCII", help: "write its `xn--` form") }
        let lower = text.lowercased()
        let bytes = Array(lower.utf8)
        guard let parts = OriginParts(bytes.span, ByteRange(start: 0, count: bytes.count)) else {
            let isURL = lower.firstRange(of: "://").map { lower[$0.upperBound...].contains("/") } ?? false
            throw OriginFault(
                message: "`\(word)` is not an origin",
                help: isURL ? "an origin ends with its host or port, without a slash" : lower.contains("://") ? nil : "it begins with a scheme: `https://\(word)`")
        }
        let scheme = bytes.span.text(parts.scheme)
        let port = bytes.span.text(parts.port)
        let isOwnPort = scheme == "https" && port == "443" || scheme == "http" && port == "80"
        if anyPort || isBelow {
            let host = bytes[parts.host.range]
            if isBelow, host.first == UInt8(ascii: "[") || !host.contains(UInt8(ascii: ".")) && !host.elementsEqual("localhost".utf8) {
                throw OriginFault(message: "`\(word)` is for every host of a whole domain or of none", help: "name more of the domain: `https://*.example.org`")
            }
            patterns.append(
                OriginPattern(
                    scheme: Array(bytes[parts.scheme.range]), host: Array(host), isBelow: isBelow,
                    port: anyPort ? nil : isOwnPort ? [] : Array(bytes[parts.port.range])))
            return
        }
        // A browser leaves the scheme's own port out.
        exact.insert(isOwnPort ? Array(bytes[..<parts.host.upper]) : bytes)
    }

    /// Whether bytes `range`, the value of an Origin field, are one of them. O(1) for exact ones, O(patterns) for others; allocates nothing.
    func allows(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        if bytes.matches(range, Self.null) { return allowsNull || isAny }
        guard let parts = OriginParts(bytes, range) else { return false }
        if isAny { return true }
        if exact.contains(bytes, range) { return true }
        for index in patterns.indices where patterns[index].matches(bytes, parts) { return true }
        return false
    }

    private static let null = Array("null".utf8)
}

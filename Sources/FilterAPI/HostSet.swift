/// Hosts that a filter is for: `example.org`, and `*.example.org` for all below it. Letter case, a port and a dot at the end do not matter.
/// Make it when the filter is made.
public struct HostSet: Sendable {
    private var names = ByteSet(ignoringCase: true)
    /// What names below a domain end with: a dot and the domain, in lower case.
    private var endings: [[UInt8]] = []

    /// The hosts of a list of type `.string`; its keywords are passed over. Errors: what is no host, or has a port.
    public init(_ options: FilterOptions, option: String) throws(ConfigurationError) {
        for (index, word) in options.words(option).enumerated() {
            guard insert(word) else {
                throw ConfigurationError("`\(word)` is not a host", option: option, value: index, expected: "`example.org` or `*.example.org`, without a port")
            }
        }
    }

    /// No host.
    public init() {}

    public var isEmpty: Bool { names.isEmpty && endings.isEmpty }

    /// Adds a host; false if `text` is none, or has a port.
    public mutating func insert(_ text: String) -> Bool {
        var name = text.utf8.map(\.asciiLowercased)
        let dot = UInt8(ascii: ".")
        let isWildcard = name.starts(with: "*.".utf8)
        if isWildcard { name.removeFirst(2) }
        if name.last == dot { name.removeLast() }
        let isName = name.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == dot || $0 == UInt8(ascii: "_") }
        let isAddress = !isWildcard && text.hasPrefix("[") && text.hasSuffix("]") && IPAddress(text.dropFirst().dropLast())?.isIPv6 == true
        guard !name.isEmpty, name.count <= 255, name.first != dot, name.last != dot, isName || isAddress else { return false }
        if isWildcard { endings.append([dot] + name) } else { names.insert(name) }
        return true
    }

    /// Whether the host that the request is for is one of them.
    public func contains(_ request: borrowing Request) -> Bool { contains(request.fields.bytes, request.authorityRange) }

    /// Whether the host of the authority in bytes `authority` is one of them. O(length + wildcards), allocates nothing.
    public func contains(_ bytes: Span<UInt8>, _ authority: ByteRange) -> Bool {
        let host = AuthorityParts(bytes, authority).host
        if names.contains(bytes, host) { return true }
        for index in endings.indices where bytes.ends(host, ignoringCase: endings[index]) && Int(host.count) > endings[index].count { return true }
        return false
    }
}

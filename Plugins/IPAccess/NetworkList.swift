import FilterAPI

/// The networks of one option, or of one file.
final class NetworkList: Sendable {
    static let mostBytes = 32 << 20
    static let most = 1_000_000

    let networks: [CIDR]
    private let table: AddressTable

    init(_ networks: [CIDR]) {
        self.networks = networks.map(Self.folded)
        table = AddressTable(self.networks)
    }

    /// A file with a network or an address on each line. `#` and `;` begin comments. Errors: what is wrong with it first, and where.
    ///
    /// - Parameter option: the option that names it.
    convenience init(_ content: FileContent, _ path: String, option: String) throws(ConfigurationError) {
        let bytes: [UInt8]
        switch content {
        case .bytes(let found): bytes = found
        case .missing: throw ConfigurationError("there is no file `\(path)`", option: option)
        case .unreadable(let why): throw ConfigurationError("`\(path)` cannot be read: \(why)", option: option)
        }
        var networks: [CIDR] = []
        var line = 0
        var start = 0
        while start < bytes.count {
            line += 1
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            if let network = try Self.network(bytes[start..<end], "`\(path)`, line \(line)", option) { networks.append(network) }
            guard networks.count <= Self.most else {
                throw ConfigurationError("`\(path)`, line \(line): more than \(Self.most) networks", option: option, help: "join networks that touch")
            }
            start = end + 1
        }
        self.init(networks)
    }

    /// Nil for an empty line and a comment.
    private static func network(_ line: ArraySlice<UInt8>, _ place: @autoclosure () -> String, _ option: String) throws(ConfigurationError) -> CIDR? {
        var text = line.prefix { $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: ";") }
        while let last = text.last, last == 0x0D || last.isFieldSpace { text.removeLast() }
        while let first = text.first, first.isFieldSpace { text.removeFirst() }
        guard !text.isEmpty else { return nil }
        func fault(_ what: String, _ help: String? = nil) -> ConfigurationError {
            ConfigurationError("\(place()): `\(shown(text))` \(what)", option: option, expected: "a network such as `10.0.0.0/8`, or an address", help: help)
        }
        let slash = text.firstIndex(of: UInt8(ascii: "/"))
        guard let address = IPAddress(String(decoding: text[..<(slash ?? text.endIndex)], as: UTF8.self)) else { throw fault("is not a network") }
        let most = address.isIPv6 ? 128 : 32
        var length = most
        if let slash {
            let digits = text[(slash + 1)...]
            length = 0
            guard (1...3).contains(digits.count), digits.allSatisfy(\.isDigit), digits.count == 1 || digits.first != UInt8(ascii: "0") else {
                throw fault("has no prefix length", "it is a number from 0 to \(most)")
            }
            for digit in digits { length = 10 * length + Int(digit - UInt8(ascii: "0")) }
        }
        guard let network = CIDR(address, prefixLength: length) else { throw fault("has no such prefix length", "it is a number from 0 to \(most)") }
        guard network.address == address else { throw fault("has address bits behind the prefix", "did you mean `\(network)`, or `\(address)` alone?") }
        return network
    }

    /// What may be anything, for a message.
    private static func shown(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: text.prefix(60).map { $0 > 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self) + (text.count > 60 ? "…" : "")
    }

    /// A network of IPv4-mapped addresses (`::ffff:10.0.0.0/104`) as the IPv4 network that it stands for.
    static func folded(_ network: CIDR) -> CIDR {
        let plain = network.address.unmapped
        guard network.isIPv6, !plain.isIPv6, network.prefixLength >= 96 else { return network }
        return CIDR(plain, prefixLength: network.prefixLength - 96) ?? network
    }

    /// The index of the smallest network around an address; nil if it is in none. O(log n).
    ///
    /// - Parameter address: unmapped.
    func smallest(around address: IPAddress) -> Int? { table.find(address) }
}

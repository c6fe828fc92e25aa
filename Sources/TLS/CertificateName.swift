import Glibc

/// A name in a certificate's subjectAltName (RFC 5280 §4.2.1.6). The subject's common name is none (RFC 9525 §2).
public enum CertificateName: Sendable, Hashable, CustomStringConvertible {
    /// In lower case, in letters of ASCII; `*.example.org` stands for one label (RFC 9525 §6.3).
    case dns(String)
    /// An address as `inet_ntop` writes it: `127.0.0.1`, `::1`.
    case address(String)

    public var description: String {
        switch self {
        case .dns(let name): name
        case .address(let address): address
        }
    }

    /// Nil if no client could match it: other bytes than letters, digits, `-` and `_` in its labels, a star elsewhere than alone in the first, an
    /// address spelled as a name.
    init?(dns bytes: some Collection<UInt8>) {
        guard !bytes.isEmpty, bytes.count <= Self.mostBytes else { return nil }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for (index, label) in labels.enumerated() {
            if index == 0, labels.count > 1, label.elementsEqual([UInt8(ascii: "*")]) { continue }
            guard (1...63).contains(label.count), label.allSatisfy(Self.isLabelByte) else { return nil }
        }
        guard let last = labels.last, !last.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        self = .dns(String(decoding: bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self))
    }

    /// As an operator writes it: an address or a name. Nil for what no client could ask for.
    public init?(_ text: String) {
        var address = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &address) == 1 {
            self.init(address: address[..<4])
        } else if unsafe inet_pton(AF_INET6, text, &address) == 1 {
            self.init(address: address)
        } else {
            self.init(dns: text.utf8)
        }
    }

    /// Nil if it has neither 4 nor 16 bytes.
    init?(address bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        self = .address(text.text)
    }

    /// RFC 1035 §2.3.4, without the dot at the end.
    static let mostBytes = 253

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// Whether a certificate with this name is good for a name or an address.
    func covers(_ other: CertificateName) -> Bool {
        guard case .dns(let own) = self, case .dns(let name) = other, own.hasPrefix("*."), let dot = name.firstIndex(of: ".") else { return self == other }
        return own == name || own.dropFirst() == name[dot...]
    }
}

extension [CChar] {
    /// What a C function wrote, up to its NUL.
    var text: String { String(decoding: prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}

import Buffers

/// The pseudo-fields that there are (RFC 9113 §8.3, RFC 8441 §4). As `FieldToken`s, they are looked up by words, first byte lowest.
enum PseudoField {
    case method, path, scheme, authority, protocolName, status

    /// Nil for another name, and for one with an upper-case letter.
    init?(_ name: Span<UInt8>) {
        let first = name.paddedWord(at: 0)
        switch (name.count, first) {
        case (5, 0x68_7461_703A): self = .path
        case (7, 0x64_6F68_7465_6D3A): self = .method
        case (7, 0x65_6D65_6863_733A): self = .scheme
        case (7, 0x73_7574_6174_733A): self = .status
        case (9, 0x6F63_6F74_6F72_703A) where name[8] == UInt8(ascii: "l"): self = .protocolName
        case (10, 0x6972_6F68_7475_613A) where name[8] == UInt8(ascii: "t") && name[9] == UInt8(ascii: "y"): self = .authority
        default: return nil
        }
    }
}

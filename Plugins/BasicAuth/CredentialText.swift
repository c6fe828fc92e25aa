// unsafe: the memory of passwords is wiped
import CCrypt
import FilterAPI

/// The name and the password of one request, decoded on the stack. Whoever has one wipes it.
struct CredentialText: ~Copyable {
    /// Of libcrypt: more of a password is no password.
    static let mostPasswordBytes = 511
    static let mostUserBytes = 255
    private static let mostBytes = 767

    private var storage = InlineArray<767, UInt8>(repeating: 0)
    private(set) var count = 0
    private var colon = 0

    /// Whether a value of Authorization is of the scheme Basic (RFC 9110 §11.1: whatever the letter case).
    static func isBasic(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
        guard value.count >= 5, bytes.matches(ByteRange(start: value.lower, count: 5), ignoringCase: "basic") else { return false }
        return value.count == 5 || bytes[value.lower &+ 5] == UInt8(ascii: " ")
    }

    /// Reads a value of the scheme Basic (RFC 7617 §2), once. False if it is malformed, too long, or has control characters.
    mutating func read(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
        var start = value.lower &+ 5
        while start < value.upper && bytes[start] == UInt8(ascii: " ") { start &+= 1 }
        guard decode(bytes, start, value.upper), let colon = firstColon, colon > 0, colon <= Self.mostUserBytes,
            count &- colon &- 1 <= Self.mostPasswordBytes
        else { return false }
        self.colon = colon
        return true
    }

    private var firstColon: Int? {
        var found: Int?
        for index in 0..<count {
            let byte = storage[index]
            if byte < 0x20 || byte == 0x7F { return nil }
            if byte == UInt8(ascii: ":") && found == nil { found = index }
        }
        return found
    }

    /// Base64 with its padding (RFC 4648 §4), and no bits left over.
    private mutating func decode(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        let length = end &- start
        guard length > 0, length & 3 == 0, length <= (Self.mostBytes &+ 2) / 3 &* 4 else { return false }
        let padding = bytes[end &- 1] != UInt8(ascii: "=") ? 0 : bytes[end &- 2] != UInt8(ascii: "=") ? 1 : 2
        guard length / 4 &* 3 &- padding <= Self.mostBytes else { return false }
        var buffer: UInt32 = 0
        var bits = 0
        for index in start..<(end &- padding) {
            guard let digit = Self.value(bytes[index]) else { return false }
            buffer = buffer << 6 | UInt32(digit)
            bits &+= 6
            guard bits >= 8 else { continue }
            bits &-= 8
            storage[count] = UInt8(truncatingIfNeeded: buffer >> UInt32(bits))
            count &+= 1
            buffer &= (1 << UInt32(bits)) &- 1
        }
        return buffer == 0
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte &- 0x41
        case 0x61...0x7A: byte &- 0x61 &+ 26
        case 0x30...0x39: byte &- 0x30 &+ 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// `name:password`
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(0..<count) }
    }

    var userBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(0..<colon) }
    }

    var user: [UInt8] {
        var user: [UInt8] = []
        for index in 0..<colon { user.append(storage[index]) }
        return user
    }

    /// The password, in memory that is wiped when nobody needs it.
    func makePassword() -> Password { Password(bytes.extracting((colon &+ 1)..<count)) }

    mutating func wipe() {
        unsafe withUnsafeMutableBytes(of: &storage) { unsafe ccrypt_wipe($0.baseAddress, $0.count) }
        count = 0
        colon = 0
    }
}

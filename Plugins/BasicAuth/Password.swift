// unsafe: libcrypt takes C strings, and their memory is wiped
import CCrypt
import FilterAPI

enum PasswordVerdict: Sendable {
    case right, wrong
    /// It was not computed.
    case busy
}

/// A password on its way to a thread that computes its hash. Its memory is wiped at the end.
@safe
final class Password: @unchecked Sendable {
    // @unchecked: nothing of it changes.
    private let text: UnsafeMutablePointer<CChar>
    private let count: Int

    /// - Parameter bytes: without a NUL.
    init(_ bytes: Span<UInt8>) {
        count = bytes.count
        unsafe text = .allocate(capacity: count + 1)
        for index in bytes.indices { unsafe text[index] = CChar(bitPattern: bytes[index]) }
        unsafe text[count] = 0
    }

    deinit {
        unsafe ccrypt_wipe(text, count)
        unsafe text.deallocate()
    }

    /// Takes as long as the hash was made to take.
    func check(against hash: PasswordHash) -> PasswordVerdict {
        unsafe ccrypt_matches(text, hash.text) == 1 ? .right : .wrong
    }
}

extension PasswordHash {
    /// The system's libcrypt can compute it.
    static func isKnown(_ text: String) -> Bool { unsafe ccrypt_knows(text) == 1 }
}

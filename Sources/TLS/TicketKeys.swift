import COpenSSL
import Synchronization

/// The keys that session tickets are sealed with (RFC 5077, RFC 8446 §4.6.1): one set for all listeners' contexts on all loops, kept over reloads, so
/// that a client resumes its session wherever it comes back. The newest seals, all open; tickets of an old one are replaced.
///
/// Sealing and opening is done by OpenSSL on the loops, by keys that no change takes away from them. `refresh` may be called on any thread.
@safe
public final class TicketKeys: @unchecked Sendable {
    // @unchecked: the C object may be shared by threads, and is never another.
    private let keys: OpaquePointer
    private let source: Source
    /// When each key began to seal, the newest first; of keys of a file nothing.
    private let since: Mutex<[Int64]>

    private enum Source: Sendable {
        case random(period: Int64)
        case file(String)
    }

    /// Old keys that still open tickets.
    public static let oldKeys = 2
    /// Keys that a file may have.
    public static let mostKeys = Int(SLUICE_TICKET_KEYS_MOST)
    /// Bytes of a key in a file: 16 that name it, 32 for HMAC-SHA256, 32 for AES-256-CBC.
    public static let keySize = Int(SLUICE_TICKET_KEY_SIZE)

    /// Random keys of this process: a new one each period, and the two before it still open tickets.
    ///
    /// - Parameters:
    ///   - period: seconds, at least 1.
    ///   - now: seconds on a clock that does not go back, from any beginning.
    public init(period: Int64, now: Int64) throws(TicketKeyFault) {
        precondition(period > 0)
        guard let keys = unsafe sluice_ticket_keys_make() else { throw .noMemory }
        unsafe self.keys = keys
        source = .random(period: period)
        since = Mutex([now])
        guard unsafe sluice_ticket_keys_rotate(keys, 0) == 0 else { throw .noMemory }
    }

    /// Keys that several machines share: a file of 1 to 16 keys of 80 bytes each, one after the other, the newest first.
    public init(file path: String) throws(TicketKeyFault) {
        guard let keys = unsafe sluice_ticket_keys_make() else { throw .noMemory }
        unsafe self.keys = keys
        source = .file(path)
        since = Mutex([])
        _ = try readFile(path)
    }

    deinit { unsafe sluice_ticket_keys_release(keys) }

    /// Makes a new key if the period is over, or reads the file again. What is wrong with a file leaves the keys as they are. Blocks as long as the
    /// file system does.
    ///
    /// - Parameter now: on the clock of `init`; keys of a file need none.
    /// - Returns: whether the keys are others than before.
    public func refresh(now: Int64) throws(TicketKeyFault) -> Bool {
        switch source {
        case .random(let period): try rotate(period, now)
        case .file(let path): try readFile(path)
        }
    }

    private func rotate(_ period: Int64, _ now: Int64) throws(TicketKeyFault) -> Bool {
        let result: Result<Bool, TicketKeyFault> = since.withLock { since in
            guard let newest = since.first, now - newest >= period else { return .success(false) }
            // Two periods after a key stopped sealing it opens nothing any more, though nobody looked meanwhile.
            let kept = zip(since, [now] + since).prefix(Self.oldKeys).prefix { _, end in now - end < Int64(Self.oldKeys) * period }.map(\.0)
            guard unsafe sluice_ticket_keys_rotate(keys, Int32(kept.count)) == 0 else { return .failure(.noMemory) }
            since = [now] + kept
            return .success(true)
        }
        return try result.get()
    }

    private func readFile(_ path: String) throws(TicketKeyFault) -> Bool {
        let file: FileBytes
        do throws(FileBytes.Failure) {
            file = try FileBytes(path, upTo: Self.mostKeys * Self.keySize)
        } catch {
            switch error {
            case .missing: throw .file(path, "there is no file `\(path)`", remedy: "`openssl rand 80 > \(shellQuoted(path))` makes one, after `umask 077`")
            case .unreadable(let why): throw .file(path, "`\(path)` cannot be read: \(why)", remedy: "make it readable to the gateway's user and to nobody else")
            case .tooLarge: throw .file(path, "`\(path)` has more than \(Self.mostKeys) keys", remedy: "leave the newest in it, which come first")
            }
        }
        guard file.mode & 0o027 == 0 else {
            throw .file(
                path, "`\(path)` may be read or changed by others, who could then read connections or make tickets",
                remedy: "`chmod 600 \(shellQuoted(path))`, and make new keys if somebody may have read them")
        }
        guard file.count > 0, file.count % Self.keySize == 0 else {
            throw .file(
                path, "`\(path)` has \(file.count) bytes, which is no number of keys of \(Self.keySize)",
                remedy: "write keys as bytes, not as text, as `openssl rand 80` does")
        }
        if let fault = Self.check(file, path) { throw fault }
        let result = unsafe file.withBytes { bytes, count in unsafe sluice_ticket_keys_replace(keys, bytes, Int32(count / Self.keySize)) }
        guard result >= 0 else { throw .noMemory }
        return result == 1
    }

    /// Looks at each key of a file of whole keys.
    private static func check(_ file: borrowing FileBytes, _ path: String) -> TicketKeyFault? {
        unsafe file.withBytes { bytes, count in
            var names: Set<[UInt8]> = []
            for start in stride(from: 0, to: count, by: keySize) {
                let key = unsafe UnsafeBufferPointer(start: bytes + start, count: keySize)
                let number = start / keySize + 1
                guard unsafe names.insert(Array(key.prefix(16))).inserted else {
                    return .file(path, "key \(number) in `\(path)` has the name of one before it", remedy: "make each with `openssl rand 80`")
                }
                // Files of zeros come from disks that were full.
                guard unsafe Set(key.dropFirst(16).prefix(32)).count > 8, unsafe Set(key.dropFirst(48)).count > 8 else {
                    return .file(path, "key \(number) in `\(path)` is not random", remedy: "make each with `openssl rand 80`")
                }
            }
            return nil
        }
    }

    /// The names of the keys, the newest first, 16 bytes each: with these tickets begin, so they are no secrets.
    public var names: [[UInt8]] {
        var bytes = [UInt8](repeating: 0, count: Self.mostKeys * 16)
        let count = unsafe sluice_ticket_keys_names(keys, &bytes, Int32(Self.mostKeys))
        return (0..<Int(count)).map { Array(bytes[($0 * 16)..<($0 * 16 + 16)]) }
    }

    /// Makes an `SSL_CTX *` seal and open tickets with these keys (SSL_CTX_set_tlsext_ticket_key_evp_cb). The context keeps them alive. Each context that a
    /// server name may switch a connection to needs it. Tickets do not tell contexts apart: that is what `SSL_CTX_set_session_id_context` is for.
    public func attach(to context: OpaquePointer) throws(TicketKeyFault) {
        guard unsafe sluice_ticket_keys_attach(keys, context) == 0 else { throw .noMemory }
    }
}

/// Why keys of tickets cannot be used.
public enum TicketKeyFault: Error, Equatable, CustomStringConvertible {
    /// The file, what is wrong with it, and what to do.
    case file(String, String, remedy: String)
    case noMemory

    public var description: String {
        switch self {
        case .file(_, let message, let remedy): "\(message); \(remedy)"
        case .noMemory: "OpenSSL has no memory, or no random numbers, for keys of session tickets; give the gateway more"
        }
    }
}

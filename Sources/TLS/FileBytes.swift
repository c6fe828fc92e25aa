import COpenSSL
import Glibc

/// The bytes of a small file. They may be a key: they are overwritten before their memory is given back.
@safe
struct FileBytes: ~Copyable {
    enum Failure: Error, Equatable {
        case missing
        /// In words, why.
        case unreadable(String)
        case tooLarge(limit: Int)
    }

    private let memory: UnsafeMutableBufferPointer<UInt8>
    let count: Int
    /// Permissions, without the type.
    let mode: mode_t

    /// Reads a file whole. Blocks as long as the file system does, but not for a writer of a pipe.
    init(_ path: String, upTo limit: Int) throws(Failure) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable("it is not a file") }
        guard status.st_size <= limit else { throw .tooLarge(limit: limit) }
        // One more, to see the end.
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Int(status.st_size) + 1)
        var count = 0
        var failure: Failure?
        while failure == nil {
            let got = unsafe read(descriptor, memory.baseAddress! + count, memory.count - count)
            if got == 0 { break }
            if got < 0 {
                if errno != EINTR { failure = Self.failure(errno) }
                continue
            }
            count += got
            if count == memory.count { failure = .unreadable("it grew while it was read") }
        }
        if let failure {
            unsafe sluice_wipe(memory.baseAddress!, memory.count)
            unsafe memory.deallocate()
            throw failure
        }
        unsafe self.memory = memory
        self.count = count
        mode = status.st_mode & 0o7777
    }

    deinit {
        unsafe sluice_wipe(memory.baseAddress!, memory.count)
        unsafe memory.deallocate()
    }

    /// Calls `body` with the first byte, which is there even if the file is empty, and the count.
    func withBytes<Result>(_ body: (UnsafePointer<UInt8>, Int) -> Result) -> Result {
        unsafe body(UnsafePointer(memory.baseAddress!), count)
    }

    /// SHA-256.
    var digest: [UInt8] {
        unsafe withBytes { bytes, count in
            var digest = [UInt8](repeating: 0, count: 32)
            unsafe sluice_digest(bytes, count, &digest)
            return digest
        }
    }

    /// Whether something of this name is there.
    static func isThere(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    private static func failure(_ code: Int32) -> Failure {
        code == ENOENT || code == ENOTDIR ? .missing : .unreadable(unsafe String(cString: strerror(code)))
    }
}

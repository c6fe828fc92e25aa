import Glibc

/// A file to which secrets of connections are appended, a line each, as Wireshark reads them (NSS Key Log Format).
public final class KeyLog: Sendable {
    private let descriptor: Int32

    /// Opens the file, which is made if it is not there, readable to its owner alone. Errors: the system's; and a file that others may read, or that is
    /// none.
    public init(path: String) throws(TLSSetupFault) {
        // Not to wait for whoever reads from a pipe.
        descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            throw TLSSetupFault("the key log `\(path)` cannot be written: \(unsafe String(cString: strerror(errno))); name a file, and no link to one")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw TLSSetupFault("the key log `\(path)` is not a file; name one")
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw TLSSetupFault("the key log `\(path)` is somebody else's, or others may read it, who could then read all traffic; remove it, or `chmod 600 \(shellQuoted(path))`")
        }
    }

    deinit { close(descriptor) }

    func append(_ line: UnsafePointer<CChar>) {
        let text = unsafe Array(String(cString: line).utf8) + [0x0A]
        _ = unsafe text.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
}

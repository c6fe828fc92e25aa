import Glibc

/// A file to which secrets of connections are appended, a line each, as Wireshark reads them (NSS Key Log Format).
public final class KeyLog: Sendable {
    private let descriptor: Int32

    /// Opens the file, readable to its owner alone if it is made. Errors: the system's.
    public init(path: String) throws(TLSSetupFault) {
        descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw TLSSetupFault("`\(path)` cannot be written: \(unsafe String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    func append(_ line: UnsafePointer<CChar>) {
        let text = unsafe Array(String(cString: line).utf8) + [0x0A]
        _ = unsafe text.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
}

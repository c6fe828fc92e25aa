// unsafe: system calls on the files of a configuration
import Configuration
import Glibc

/// The files of a configuration as the kernel has them.
public struct KernelFiles: ConfigurationFiles {
    /// More of a file is not read. Above what Configuration takes, so that it can say that the file is too large.
    private let readLimit: Int

    public init() { self.init(readLimit: 64 << 20) }

    init(readLimit: Int) { self.readLimit = readLimit }

    public func read(_ path: String) throws(FileFailure) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count < readLimit {
            let piece = 64 * 1024
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: piece))
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress! + start, piece) }
            let code = errno
            bytes.removeLast(piece - max(0, count))
            if count == 0 { break }
            if count < 0 && code != EINTR { throw Self.failure(code) }
        }
        return bytes
    }

    public func match(_ pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0, let paths = unsafe found.gl_pathv else { return [] }
        return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
            unsafe paths[index].map { unsafe String(cString: $0) }
        }
    }

    private static func failure(_ code: Int32 = errno) -> FileFailure {
        FileFailure(unsafe String(cString: strerror(code)), isMissing: code == ENOENT)
    }

    /// The variables that this process was started with.
    public static func environment() -> [String: String] {
        // From /proc, because the C library's own table may change under a reader.
        guard let bytes = try? KernelFiles().read("/proc/self/environ") else { return [:] }
        var variables: [String: String] = [:]
        for entry in bytes.split(separator: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            // The first of two equal names counts, as for getenv.
            if variables[name] == nil { variables[name] = String(decoding: entry[(equals + 1)...], as: UTF8.self) }
        }
        return variables
    }
}

// unsafe: system calls on files
import Configuration
import Glibc

/// The few things that commands do with files and folders. Errors: what the system says, with the path.
enum FileTree {
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// When a file was last changed, in nanoseconds since 1970; nil without one.
    static func changeTime(_ path: String) -> Int64? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    static func read(_ path: String) throws(PluginFailure) -> [UInt8] {
        do throws(FileFailure) {
            return try KernelFiles(readLimit: 1 << 30).read(path)
        } catch {
            throw PluginFailure("cannot read \(path): \(error.message)")
        }
    }

    /// The path without symbolic links, from `/` on.
    static func real(_ path: String) throws(PluginFailure) -> String {
        guard let found = unsafe realpath(path, nil) else { throw failure("find", path) }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(PluginFailure) {
        guard !exists(path) else { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeFolder(String(path[..<slash])) }
        guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else { throw failure("make the folder", path) }
    }

    /// Writes a file as a whole: whoever reads it, or has it mapped, sees the old one or the new one.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o666) throws(PluginFailure) {
        let draft = "\(path).\(getpid())"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("write", path) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written) }
            guard count > 0 else {
                let error = failure("write", path)
                close(descriptor)
                unsafe unlink(draft)
                throw error
            }
            written += count
        }
        close(descriptor)
        guard unsafe rename(draft, path) == 0 else { throw failure("write", path) }
    }

    static func write(_ text: String, to path: String) throws(PluginFailure) { try write(Array(text.utf8), to: path) }

    static func copy(_ path: String, to other: String, mode: mode_t = 0o666) throws(PluginFailure) { try write(try read(path), to: other, mode: mode) }

    /// Makes `path` a symbolic link to `target`, also where it was another one.
    static func link(_ path: String, to target: String) throws(PluginFailure) {
        let draft = "\(path).\(getpid())"
        guard unsafe symlink(target, draft) == 0, unsafe rename(draft, path) == 0 else { throw failure("make the link", path) }
    }

    /// Puts the folder `draft` in the place of the folder `path`.
    static func replaceFolder(_ path: String, by draft: String) throws(PluginFailure) {
        let old = "\(path).old.\(getpid())"
        let hadOne = unsafe rename(path, old) == 0
        guard unsafe rename(draft, path) == 0 else { throw failure("make the folder", path) }
        if hadOne { _ = try OtherProgram.run(["rm", "-rf", "--", old]) }
    }

    /// Runs `body` while no other process that asks for the same file does.
    static func alone<Result>(_ path: String, _ body: () throws(PluginFailure) -> Result) throws(PluginFailure) -> Result {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
        return try body()
    }

    static func failure(_ verb: String, _ path: String) -> PluginFailure {
        PluginFailure("cannot \(verb) \(path): \(unsafe String(cString: strerror(errno)))")
    }
}

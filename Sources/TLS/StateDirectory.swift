import Glibc

/// A directory of the gateway's own: nobody else may change what is in it, and one process at a time does.
struct StateDirectory: ~Copyable {
    let path: String
    /// Of the file that is locked.
    private let lock: Int32

    /// Makes the directory, and those above it, if they are not there, and waits until no other process has it.
    ///
    /// - Parameter patience: milliseconds that it waits at most.
    init(_ path: String, patience: Int = 10_000) throws(CertificateFault) {
        try Self.make(path)
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw CertificateFault(.state, path, "`\(path)` is not a directory", remedy: "give another place")
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw CertificateFault(
                .state, path, "`\(path)` belongs to somebody else, or others may write into it: they could pose as this gateway",
                remedy: "give a directory of the gateway's own user, `chmod 700`")
        }
        let file = "\(path)/lock"
        let lock = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw Self.fault(file, "opened", errno) }
        var waited = 0
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR, waited < patience else {
                close(lock)
                throw CertificateFault(
                    .state, file, "another process has had `\(file)` locked for \(patience / 1000) s", remedy: "look at it with `fuser \(shellQuoted(file))`, and end it if it hangs")
            }
            poll(nil, 0, 20)
            waited += 20
        }
        self.path = path
        self.lock = lock
    }

    deinit { close(lock) }

    private static func make(_ path: String) throws(CertificateFault) {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try make(String(path[..<slash])) }
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw fault(path, "made", errno) }
    }

    private static func fault(_ path: String, _ verb: String, _ code: Int32) -> CertificateFault {
        CertificateFault(
            .state, path, "`\(path)` cannot be \(verb): \(unsafe String(cString: strerror(code)))",
            remedy: "give a directory that the gateway's user may write to, or a certificate")
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Puts bytes into a file: all of them, on the disk, or what was there before.
    func write(_ bytes: UnsafeBufferPointer<UInt8>, to name: String, mode: mode_t) throws(CertificateFault) {
        let target = file(name)
        let fresh = "\(target).new"
        // Of a process that was killed: the lock is ours.
        unsafe unlink(fresh)
        let descriptor = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.fault(fresh, "written", errno) }
        var code: Int32 = 0
        var start = 0
        while code == 0, start < bytes.count {
            let count = unsafe Glibc.write(descriptor, bytes.baseAddress! + start, bytes.count - start)
            if count >= 0 { start += count } else if errno != EINTR { code = errno }
        }
        if code == 0, fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0 { code = errno }
        close(descriptor)
        if code == 0, unsafe rename(fresh, target) != 0 { code = errno }
        guard code == 0 else {
            unsafe unlink(fresh)
            throw Self.fault(target, "written", code)
        }
        let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }
}

import Glibc

/// The file that binding a unix address makes. It is known by its place on the disk and not by its path alone: another process may have
/// put one of its own there since.
struct SocketFile: Equatable, Sendable {
    let path: String
    private let device: UInt64
    private let inode: UInt64

    /// The socket file at `path`; nil if there is none, or something else, such as a regular file or a link.
    init?(at path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// Removes it, if it is still there.
    func remove() {
        guard SocketFile(at: path) == self else { return }
        _ = unsafe unlink(path)
    }
}

// unsafe: system calls on a pair of sockets
import Glibc

/// Two connected sockets of this process: a client's and a gateway's end, without a network.
final class SocketPair {
    /// The client's end.
    private let near: Int32
    /// The gateway's end; whoever takes it closes it.
    let far: Int32

    /// nil if the system has no descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0 else { return nil }
        (near, far) = (ends[0], ends[1])
    }

    deinit { close(near) }

    /// Whether the kernel took all of it.
    func write(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe Glibc.write(near, $0.baseAddress, $0.count) } == bytes.count
    }

    /// What has arrived at the client's end.
    func read() -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = unsafe block.withUnsafeMutableBytes { unsafe Glibc.read(near, $0.baseAddress, $0.count) }
            guard count > 0 else { return bytes }
            bytes += block[..<count]
        }
    }
}

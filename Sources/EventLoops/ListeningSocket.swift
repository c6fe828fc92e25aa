import CPlatform
import Glibc

/// A socket that listens: bound, not yet watched by a loop. Closed when destroyed.
@safe
public struct ListeningSocket: ~Copyable {
    public let descriptor: Int32
    /// The address as bound: with the real port where 0 was asked for.
    public let address: SocketAddress

    /// Several loops accept from it, each from a copy (`copy()`): unix addresses, which can be bound once.
    public let isShared: Bool
    /// What binding made in the file system; only the first of the copies has it.
    let file: SocketFile?

    private var owned = true

    deinit { if owned { close(descriptor) } }

    /// Binds and listens. With `sharing`, several loops take the connections: each binds the same TCP address, and the kernel spreads
    /// them (SO_REUSEPORT); a unix address is bound once, and each loop gets a copy. A socket file is removed first if nobody answers
    /// on it, and the new one gets the permission bits `socketMode`.
    /// Errors: the call that failed and its `errno`.
    public init(on address: SocketAddress, backlog: Int32, sharing: Bool, socketMode: UInt16 = 0o660) throws(SystemError) {
        let descriptor = sluice_stream_socket(address.family.number)
        guard descriptor >= 0 else { throw SystemError(call: "socket") }
        do throws(SystemError) {
            if address.family == .unix {
                Self.removeStale(address)
            } else {
                try Self.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
                if sharing { try Self.set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
                // Accepted sockets inherit it: no system call a connection.
                try Self.set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                if address.family == .ipv6 { try Self.set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
            }
            let bound = unsafe address.withUnsafeSockaddr { pointer, length in unsafe bind(descriptor, pointer, length) }
            guard bound == 0 else { throw SystemError(call: "bind") }
            // Before listen: until then nobody can connect, whatever the mask of the process made of the mode.
            if let path = address.fileSystemPath {
                guard unsafe chmod(path, mode_t(socketMode)) == 0 else { throw SystemError(call: "chmod") }
            }
            guard listen(descriptor, backlog) == 0 else { throw SystemError(call: "listen") }
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        isShared = sharing && address.family == .unix
        file = address.fileSystemPath.flatMap { SocketFile(at: $0) }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let named = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
        }
        self.address = (named == 0 ? SocketAddress(storage: storage, length: length) : nil) ?? address
    }

    private init(copyOf descriptor: Int32, address: SocketAddress) {
        self.descriptor = descriptor
        self.address = address
        isShared = true
        file = nil
    }

    /// The same socket for another loop, which may accept from it and close it by itself. Errors: those of fcntl, EMFILE above all.
    public func copy() throws(SystemError) -> ListeningSocket {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw SystemError(call: "fcntl") }
        return ListeningSocket(copyOf: copy, address: address)
    }

    /// Gives the descriptor away: the caller closes it.
    public consuming func release() -> Int32 {
        owned = false
        return descriptor
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) throws(SystemError) {
        guard sluice_set_option(descriptor, level, name, value) == 0 else { throw SystemError(call: "setsockopt") }
    }

    /// A path that a dead process left behind would make bind fail for ever; one that somebody answers on is not ours to remove.
    private static func removeStale(_ address: SocketAddress) {
        // Connecting to what is no socket is refused too: a file of somebody's stays.
        guard let path = address.fileSystemPath, let file = SocketFile(at: path) else { return }
        let probe = sluice_stream_socket(AF_UNIX)
        guard probe >= 0 else { return }
        defer { close(probe) }
        let connected = unsafe address.withUnsafeSockaddr { pointer, length in unsafe connect(probe, pointer, length) }
        guard connected != 0, errno == ECONNREFUSED else { return }
        file.remove()
    }

    /// Fails if another process listens on this TCP address. With `sharing`, binding alone would not tell: the kernel would give
    /// each process a part of the connections. Errors: bind's.
    public static func checkFree(_ address: SocketAddress) throws(SystemError) {
        guard address.family != .unix, address.port != 0 else { return }
        let descriptor = sluice_stream_socket(address.family.number)
        guard descriptor >= 0 else { throw SystemError(call: "socket") }
        defer { close(descriptor) }
        try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if address.family == .ipv6 { try set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        let bound = unsafe address.withUnsafeSockaddr { pointer, length in unsafe bind(descriptor, pointer, length) }
        guard bound == 0 else { throw SystemError(call: "bind") }
    }
}

extension SocketAddress {
    /// The path of a unix address in the file system; nil for an abstract or unnamed one, and for TCP.
    fileprivate var fileSystemPath: String? {
        guard family == .unix, let first = path.first, first != 0 else { return nil }
        return String(decoding: path, as: UTF8.self)
    }
}

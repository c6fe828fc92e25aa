import Glibc
import Synchronization

/// Held while a descriptor is made that is not yet closed on exec, and while a child starts: a child that inherited a connection would
/// keep it open.
let descriptorsAndChildren = Mutex(())

/// A file descriptor with one owner. Every call of the harness into the kernel's socket interface is in this file.
final class Descriptor: @unchecked Sendable {  // written only by init and close, which its owner orders
    private(set) var number: Int32
    /// Enciphers what is written, and deciphers what is read; nil for a plain connection.
    var secure: SecureEnd?
    private var block = [UInt8](repeating: 0, count: 65536)

    init(_ number: Int32, _ call: String) throws {
        guard number >= 0 else { throw ScenarioFailure("\(call): \(unsafe String(cString: strerror(errno)))") }
        self.number = number
    }

    deinit { close() }

    func close() {
        secure?.sayEnd()
        secure = nil
        if number >= 0 { _ = Glibc.close(number) }
        number = -1
    }

    /// What a read or write did.
    enum Transfer: Equatable {
        case bytes(Int), closed, reset, wouldBlock, failed(Int32)
    }

    /// Reads at most 64 KiB and appends it.
    func read(into bytes: inout [UInt8]) -> Transfer {
        if let secure {
            let transfer = secure.read(&block)
            if case .bytes(let got) = transfer { bytes.append(contentsOf: block[..<got]) }
            return transfer
        }
        let got = unsafe block.withUnsafeMutableBytes { unsafe recv(number, $0.baseAddress, $0.count, 0) }
        let error = errno
        if got > 0 {
            bytes.append(contentsOf: block[..<got])
            return .bytes(got)
        }
        return got == 0 ? .closed : Descriptor.failure(error)
    }

    /// Reads over the beginning of `scratch` and compares with `ring`, an endless repetition of which `position` bytes came before.
    /// `ring` holds its period twice. For bodies of gigabytes, in a debug build too.
    func readAndCompare(_ scratch: inout [UInt8], _ ring: [UInt8], position: Int) -> (transfer: Transfer, isEqual: Bool) {
        let transfer = secure?.read(&scratch) ?? readPlain(&scratch)
        guard case .bytes(let got) = transfer else { return (transfer, true) }
        let difference = unsafe scratch.withUnsafeBytes { scratch in
            unsafe ring.withUnsafeBytes { ring in
                unsafe memcmp(scratch.baseAddress!, ring.baseAddress! + position % (ring.count / 2), got)
            }
        }
        return (.bytes(got), difference == 0)
    }

    private func readPlain(_ scratch: inout [UInt8]) -> Transfer {
        let got = unsafe scratch.withUnsafeMutableBytes { unsafe recv(number, $0.baseAddress, $0.count, 0) }
        return got > 0 ? .bytes(got) : got == 0 ? .closed : Descriptor.failure(errno)
    }

    func write(_ bytes: ArraySlice<UInt8>) -> Transfer {
        if let secure { return secure.write(bytes) }
        let sent = unsafe bytes.withUnsafeBytes { buffer in
            unsafe send(number, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
        }
        return sent >= 0 ? .bytes(sent) : Descriptor.failure(errno)
    }

    static func failure(_ error: Int32) -> Transfer {
        switch error {
        case EAGAIN, EINTR: .wouldBlock
        case ECONNRESET, EPIPE: .reset
        default: .failed(error)
        }
    }

    /// Waits for POLLIN or POLLOUT; returns what poll reported, 0 when the deadline passed.
    func await(_ events: Int32, until deadline: Deadline) -> Int32 {
        if events & POLLIN != 0, secure?.mayHoldMore == true { return POLLIN }
        var entry = pollfd(fd: number, events: Int16(events), revents: 0)
        while true {
            let ready = unsafe poll(&entry, 1, deadline.millisecondsLeft)
            if ready > 0 { return Int32(entry.revents) }
            if ready == 0 && deadline.passed { return 0 }
        }
    }

    /// What is there now, without waiting.
    func pending(_ events: Int32) -> Int32 {
        if events & POLLIN != 0, secure?.mayHoldMore == true { return POLLIN }
        var entry = pollfd(fd: number, events: Int16(events), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0 ? Int32(entry.revents) : 0
    }

    func closeWriting() {
        secure?.sayEnd()
        _ = shutdown(number, Int32(SHUT_WR))
    }

    /// Closes with a reset instead of a FIN.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        unsafe _ = setsockopt(number, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        secure = nil
        close()
    }

    func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        unsafe _ = setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Addresses

    private static let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    private static let nonBlocking = Int32(SOCK_NONBLOCK.rawValue)

    private static func loopback(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: unsafe inet_addr(host))
        return address
    }

    private static func sixAddress(_ host: String, _ port: UInt16) -> sockaddr_in6 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        unsafe _ = inet_pton(AF_INET6, host, &address.sin6_addr)
        return address
    }

    private static func unixAddress(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8.prefix(107))) }
        return address
    }

    private static func calling<Address, Result>(
        _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }

    /// A listening socket on a port of 127.0.0.1 that the kernel chooses (or the one asked for).
    static func listening(host: String = "127.0.0.1", port: UInt16 = 0, backlog: Int32 = 512, receiveBuffer: Int32? = nil) throws -> Descriptor {
        let made = try Descriptor(socket(AF_INET, stream | nonBlocking, 0), "socket")
        made.set(SOL_SOCKET, SO_REUSEADDR, 1)
        if let receiveBuffer { made.set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        let bound = unsafe calling(loopback(host, port)) { unsafe bind(made.number, $0, $1) }
        guard bound == 0, listen(made.number, backlog) == 0 else {
            throw ScenarioFailure("cannot listen: \(unsafe String(cString: strerror(errno)))")
        }
        return made
    }

    /// A listening socket on a port of an IPv6 address that the kernel chooses.
    static func listening(six host: String) throws -> Descriptor {
        let made = try Descriptor(socket(AF_INET6, stream | nonBlocking, 0), "socket")
        let bound = unsafe calling(sixAddress(host, 0)) { unsafe bind(made.number, $0, $1) }
        guard bound == 0, listen(made.number, 512) == 0 else {
            throw ScenarioFailure("cannot listen on \(host): \(unsafe String(cString: strerror(errno)))")
        }
        return made
    }

    static func listening(unix path: String) throws -> Descriptor {
        let made = try Descriptor(socket(AF_UNIX, stream | nonBlocking, 0), "socket")
        let bound = unsafe calling(unixAddress(path)) { unsafe bind(made.number, $0, $1) }
        guard bound == 0, listen(made.number, 512) == 0 else {
            throw ScenarioFailure("cannot listen on \(path): \(unsafe String(cString: strerror(errno)))")
        }
        return made
    }

    /// A datagram socket that receives on `path`.
    static func datagrams(at path: String) throws -> Descriptor {
        let made = try Descriptor(socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | nonBlocking, 0), "socket")
        guard unsafe calling(unixAddress(path), { unsafe bind(made.number, $0, $1) }) == 0 else { throw ScenarioFailure("cannot bind \(path)") }
        return made
    }

    /// Connects; nil when the other side refuses.
    static func connected(
        to host: String = "127.0.0.1", port: UInt16, from source: String? = nil, receiveBuffer: Int32? = nil
    ) throws -> Descriptor? {
        let made = try Descriptor(socket(AF_INET, stream, 0), "socket")
        if let receiveBuffer { made.set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        if let source { unsafe _ = calling(loopback(source, 0)) { unsafe bind(made.number, $0, $1) } }
        made.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return try finishConnecting(made, unsafe calling(loopback(host, port)) { unsafe connect(made.number, $0, $1) })
    }

    /// Connects over IPv6; nil when the other side refuses.
    static func connected(six host: String, port: UInt16) throws -> Descriptor? {
        let made = try Descriptor(socket(AF_INET6, stream, 0), "socket")
        made.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return try finishConnecting(made, unsafe calling(sixAddress(host, port)) { unsafe connect(made.number, $0, $1) })
    }

    /// Begins to connect and does not wait for the other side.
    static func connecting(port: UInt16) throws -> Descriptor? {
        let made = try Descriptor(socket(AF_INET, stream | nonBlocking, 0), "socket")
        unsafe _ = calling(loopback("127.0.0.1", port)) { unsafe connect(made.number, $0, $1) }
        return made
    }

    static func connected(unix path: String) throws -> Descriptor? {
        let made = try Descriptor(socket(AF_UNIX, stream, 0), "socket")
        return try finishConnecting(made, unsafe calling(unixAddress(path)) { unsafe connect(made.number, $0, $1) })
    }

    private static func finishConnecting(_ made: Descriptor, _ result: Int32) throws -> Descriptor? {
        if result != 0 {
            let error = errno
            if error == ECONNREFUSED || error == ENOENT || error == ECONNRESET { return nil }
            throw ScenarioFailure("connect: \(unsafe String(cString: strerror(error)))")
        }
        _ = fcntl(made.number, F_SETFL, fcntl(made.number, F_GETFL) | O_NONBLOCK)
        return made
    }

    /// The next connection of a listening socket; nil when none waits.
    func accepted() throws -> Descriptor? {
        let number = descriptorsAndChildren.withLock { _ in
            let number = Glibc.accept(self.number, nil, nil)
            if number >= 0 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
            return number
        }
        if number < 0 && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) { return nil }
        let made = try Descriptor(number, "accept")
        _ = fcntl(number, F_SETFL, O_NONBLOCK)
        made.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return made
    }

    private func port(_ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe _ = call(number, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    var localPort: UInt16 { unsafe port { unsafe getsockname($0, $1, $2) } }
    var remotePort: UInt16 { unsafe port { unsafe getpeername($0, $1, $2) } }
}

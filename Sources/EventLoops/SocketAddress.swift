import Glibc

/// Where a socket listens or connects to: an IPv4 or IPv6 address with a port, or a unix path.
///
/// A plain value. Only a unix address refers to the heap, so an accepted TCP client's address costs no allocation.
/// Two addresses are equal when family, bytes, port, scope and path are.
@safe
public struct SocketAddress: Sendable, Hashable {
    public enum Family: UInt8, Sendable {
        case ipv4, ipv6, unix

        /// The kernel's number for it (`AF_INET`, `AF_INET6`, `AF_UNIX`), as `socket(2)` takes it.
        public var number: Int32 {
            switch self {
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            case .unix: AF_UNIX
            }
        }
    }

    public let family: Family
    /// The port in host byte order; 0 for a unix address.
    public let port: UInt16
    /// The interface index of a link-local IPv6 address; 0 elsewhere.
    public let scope: UInt32
    /// The address in network order, first byte highest; IPv4 fills the upper half of `high`.
    package let high: UInt64
    package let low: UInt64
    /// The bytes of a unix path without the closing NUL, empty elsewhere. A leading NUL marks the abstract namespace.
    public let path: [UInt8]

    init(family: Family, port: UInt16, high: UInt64, low: UInt64, scope: UInt32 = 0, path: [UInt8] = []) {
        self.family = family
        self.port = port
        self.high = high
        self.low = low
        self.scope = scope
        self.path = path
    }

    /// The longest unix path that fits in a `sockaddr_un` with its closing NUL.
    public static var longestPath: Int { 107 }

    /// An IPv4 address from its four bytes as one number: 127.0.0.1 is 0x7F000001.
    public static func ipv4(_ number: UInt32, port: UInt16) -> SocketAddress {
        SocketAddress(family: .ipv4, port: port, high: UInt64(number) << 32, low: 0)
    }

    /// An IPv6 address from its sixteen bytes as two numbers: ::1 is (0, 1).
    public static func ipv6(_ high: UInt64, _ low: UInt64, port: UInt16, scope: UInt32 = 0) -> SocketAddress {
        SocketAddress(family: .ipv6, port: port, high: high, low: low, scope: scope)
    }

    /// A unix address. A leading `@` asks for the abstract namespace, as in systemd and ss. Nil when the path is empty, holds a
    /// NUL or is longer than `longestPath` bytes.
    public static func unix(path: String) -> SocketAddress? {
        var bytes = [UInt8](path.utf8)
        guard !bytes.isEmpty, bytes.count <= longestPath, !bytes.contains(0) else { return nil }
        if bytes[0] == UInt8(ascii: "@") {
            guard bytes.count > 1 else { return nil }
            bytes[0] = 0
        }
        return SocketAddress(family: .unix, port: 0, high: 0, low: 0, path: bytes)
    }

    /// Whoever connects to a unix socket, and has no name.
    public static var unnamed: SocketAddress { SocketAddress(family: .unix, port: 0, high: 0, low: 0) }

    /// All local IPv4 addresses, for listening.
    public static func anyIPv4(port: UInt16) -> SocketAddress { ipv4(0, port: port) }
    /// All local IPv6 addresses, for listening.
    public static func anyIPv6(port: UInt16) -> SocketAddress { ipv6(0, 0, port: port) }

    /// The same address with another port. A unix address is returned as it is.
    public func with(port: UInt16) -> SocketAddress {
        family == .unix ? self : SocketAddress(family: family, port: port, high: high, low: low, scope: scope)
    }

    /// The address as the kernel filled it in (`accept4`, `getsockname`). Nil for a family that is none of the three, or a length
    /// that is too short for its family. An unnamed unix peer has an empty path.
    public init?(storage: sockaddr_storage, length: socklen_t) {
        let address = unsafe withUnsafeBytes(of: storage) { bytes in
            unsafe SocketAddress.read(RawSpan(_unsafeBytes: bytes), length: Int(length))
        }
        guard let address else { return nil }
        self = address
    }

    /// The address behind a pointer, as `getaddrinfo` returns it. Nil as in `init(storage:length:)`.
    public init?(_ pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        let bytes = unsafe UnsafeRawBufferPointer(start: pointer, count: Int(length))
        guard let address = unsafe SocketAddress.read(RawSpan(_unsafeBytes: bytes), length: Int(length)) else { return nil }
        self = address
    }

    private static func read(_ bytes: RawSpan, length: Int) -> SocketAddress? {
        guard length >= 2, length <= bytes.byteCount else { return nil }
        // sa_family is in host order, everything behind it in network order (ip(7), ipv6(7)).
        switch Int32(unsafe bytes.unsafeLoadUnaligned(as: sa_family_t.self)) {
        case AF_INET:
            guard length >= MemoryLayout<sockaddr_in>.size else { return nil }
            return .ipv4(
                UInt32(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt32.self)),
                port: UInt16(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        case AF_INET6:
            guard length >= MemoryLayout<sockaddr_in6>.size else { return nil }
            return .ipv6(
                UInt64(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                UInt64(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt64.self)),
                port: UInt16(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt16.self)),
                scope: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 24, as: UInt32.self))
        case AF_UNIX:
            var path: [UInt8] = []
            for offset in 2..<length {
                let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
                // A file's path ends at its NUL; an abstract name begins with one and may hold more.
                if byte == 0, offset > 2, path.first != 0 { break }
                path.append(byte)
            }
            // A path of nothing but its NUL is an unnamed peer as well.
            return SocketAddress(family: .unix, port: 0, high: 0, low: 0, path: path == [0] ? [] : path)
        default:
            return nil
        }
    }

    /// Lends the address in the kernel's form, for `bind`, `connect` and `sendto`. The pointer is good only inside `body`.
    public func withUnsafeSockaddr<R, E: Error>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(E) -> R
    ) throws(E) -> R {
        var storage = sockaddr_storage()
        let length = fill(&storage)
        return try unsafe withUnsafePointer(to: &storage) { pointer throws(E) -> R in
            try unsafe body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), length)
        }
    }

    private func fill(_ storage: inout sockaddr_storage) -> socklen_t {
        unsafe withUnsafeMutableBytes(of: &storage) { bytes -> socklen_t in
            unsafe bytes.storeBytes(of: sa_family_t(family.number), as: sa_family_t.self)
            switch family {
            case .ipv4:
                unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
                unsafe bytes.storeBytes(of: UInt32(high >> 32).bigEndian, toByteOffset: 4, as: UInt32.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            case .ipv6:
                unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
                unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
                unsafe bytes.storeBytes(of: scope, toByteOffset: 24, as: UInt32.self)
                return socklen_t(MemoryLayout<sockaddr_in6>.size)
            case .unix:
                for index in path.indices { unsafe bytes[2 + index] = path[index] }
                // An abstract name is exactly as long as the length says; a file's path counts its NUL (unix(7)).
                return socklen_t(2 + path.count + (path.isEmpty || path[0] == 0 ? 0 : 1))
            }
        }
    }

    /// The address in network order, IPv4 in the first 4 bytes; zeros for a unix address.
    public var ipBytes: InlineArray<16, UInt8> {
        InlineArray<16, UInt8> { index in
            let word = index < 8 ? high : low
            return UInt8(truncatingIfNeeded: word >> UInt64(8 * (7 - index & 7)))
        }
    }

    /// How many of `ipBytes` count: 4, 16, or 0 for a unix address.
    public var ipByteCount: Int {
        switch family {
        case .ipv4: 4
        case .ipv6: 16
        case .unix: 0
        }
    }

    /// The IPv4 address inside `::ffff:a.b.c.d`, which a dual-stack listener sees for an IPv4 client; anything else as it is.
    /// Lists of addresses must be compared with this, or an IPv4 entry never matches.
    public var unmapped: SocketAddress {
        guard family == .ipv6, high == 0, low >> 32 == 0xFFFF else { return self }
        return .ipv4(UInt32(truncatingIfNeeded: low), port: port)
    }
}

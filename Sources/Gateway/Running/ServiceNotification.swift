// unsafe: one datagram to the service manager
import EventLoops
import Glibc

/// Tells the service manager how the gateway is (sd_notify(3)): a datagram to the socket in NOTIFY_SOCKET. Without one, nothing.
enum ServiceNotification {
    static func send(_ state: String) {
        guard let name = unsafe getenv("NOTIFY_SOCKET"), let address = SocketAddress.unix(path: unsafe String(cString: name)) else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(state.utf8)
        _ = unsafe address.withUnsafeSockaddr { pointer, length in
            unsafe bytes.withUnsafeBytes {
                unsafe sendto(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), pointer, length)
            }
        }
    }
}

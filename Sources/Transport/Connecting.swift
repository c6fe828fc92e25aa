import CPlatform
import EventLoops
import Glibc

extension ByteStream {
    /// Opens a connection to `address` without waiting for it: the loop says writable when it is made or has failed
    /// (`connectError`). Errors at once: no descriptor, no route, a unix socket that nobody listens on.
    public static func connecting(to address: SocketAddress) -> Result<Int32, SystemError> {
        let descriptor = sluice_stream_socket(address.family.number)
        guard descriptor >= 0 else { return .failure(SystemError(call: "socket")) }
        if address.family != .unix { _ = sluice_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
        let result = unsafe address.withUnsafeSockaddr { pointer, length in unsafe connect(descriptor, pointer, length) }
        if result == 0 || errno == EINPROGRESS { return .success(descriptor) }
        let error = SystemError(call: "connect")
        Glibc.close(descriptor)
        return .failure(error)
    }

    /// 0 when the connection that was being made stands, else the `errno` it failed with.
    public func connectError() -> Int32 { sluice_socket_error(descriptor) }
}

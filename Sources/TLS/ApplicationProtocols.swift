/// Application protocols in the order of preference, as ALPN writes them (RFC 7301 §3.1): each with its length.
@safe
public final class ApplicationProtocols: @unchecked Sendable {
    // @unchecked: written once, in `init`.
    let bytes: UnsafeMutableBufferPointer<UInt8>

    /// - Parameter names: of 1 to 255 bytes; `h2`, `http/1.1`.
    public init(_ names: [String]) {
        let all = names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        unsafe bytes = .allocate(capacity: all.count)
        _ = unsafe bytes.initialize(from: all)
    }

    deinit { unsafe bytes.deallocate() }
}

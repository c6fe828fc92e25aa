import Glibc

/// Names as this system knows them: the hosts file, the name servers, whatever nsswitch.conf says. Blocks.
enum SystemLookup {
    /// All TCP addresses of a name, best first (RFC 6724), each once, with port 0.
    static func addresses(of host: String) -> Result<[SocketAddress], ResolveFailure> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Not AI_ADDRCONFIG: without a network it hides localhost.
        var list: UnsafeMutablePointer<addrinfo>? = nil
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failure(failure(code)) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let pointer = unsafe entry.pointee.ai_addr,
                let address = unsafe SocketAddress(pointer, length: entry.pointee.ai_addrlen), !addresses.contains(address)
            {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(.unknownName) : .success(addresses)
    }

    // EAI_NODATA, which netdb.h shows only to GNU programs: the name exists, but has no address.
    private static var noData: Int32 { -5 }

    private static func failure(_ code: Int32) -> ResolveFailure {
        switch code {
        case EAI_NONAME, noData: .unknownName
        case EAI_AGAIN: .temporary
        default: .failed(code: code)
        }
    }
}

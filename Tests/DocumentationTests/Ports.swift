import Foundation

/// Replaces the port numbers of the pages by free ones: a test must not take a port that somebody else uses.
struct Ports {
    private var chosen: [String: String] = [:]

    /// The ports that the pages may use.
    static let documented = ["8080", "8081", "9292", "9293"]

    init() {
        for port in Self.documented { chosen[port] = String(Self.free()) }
    }

    func replaced(in text: String) -> String {
        chosen.reduce(text) { text, port in
            text.replacingOccurrences(of: "\\b\(port.key)\\b", with: port.value, options: .regularExpression)
        }
    }

    /// A port of 127.0.0.1 that nothing listens on now.
    private static func free() -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = unsafe bind(descriptor, address, length)
                _ = unsafe getsockname(descriptor, address, &length)
            }
        }
        precondition(address.sin_port != 0, "no free port")
        return UInt16(bigEndian: address.sin_port)
    }
}

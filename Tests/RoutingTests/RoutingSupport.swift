import Routing

extension PathPolicy {
    func examine(_ path: String) -> PathVerdict { examine([UInt8](path.utf8).span) }
}

extension RouteTable {
    /// The match as a router makes it: examined first. The outer nil: refused.
    func match(_ authority: String, _ path: String, policy: PathPolicy = PathPolicy(), port: UInt16 = 80) -> RouteMatch?? {
        let bytes = [UInt8](path.utf8)
        guard case .accepted(let shape) = policy.examine(bytes.span) else { return nil }
        return .some(match(authority: [UInt8](authority.utf8).span, defaultPort: port, path: bytes.span, shape: shape))
    }

    /// The matched value for a path that must be accepted.
    func value(_ authority: String, _ path: String, port: UInt16 = 80) -> Int? {
        match(authority, path, port: port).flatMap { $0 }?.value
    }
}

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

struct RoutingRandom {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ z >> 31) >> 1) % bound
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

import EventLoops
import Proxy
import Synchronization

/// The names of app servers: looked up once before the gateway accepts, so that the first request finds its app, and later by the
/// upstreams whenever they want. A name that does not resolve is said, and tried again while the gateway serves.
struct NameLookUp {
    private let resolver = Resolver()

    /// What upstreams look names up with.
    var resolution: NameResolution {
        { [resolver] host, port, answer in
            resolver.resolve(host: host, port: port) { result in
                if case .success(let addresses) = result { answer(addresses) } else { answer([]) }
            }
        }
    }

    private final class Answers: Sendable {
        let found = Mutex<[String: Resolver.Answer]>([:])
    }

    /// The addresses of all names in `apps`, by `host:port`. Waits for all answers; the resolver bounds the time of each.
    func resolve(_ apps: [AppSettings]) -> [String: [SocketAddress]] {
        let answers = Answers()
        var wanted = Set<String>()
        for case .upstream(let upstream) in apps {
            for case .name(let host, let port) in upstream.servers where wanted.insert("\(host):\(port)").inserted {
                resolver.resolve(host: host, port: port) { answer in
                    answers.found.withLock { $0["\(host):\(port)"] = answer }
                }
            }
        }
        while answers.found.withLock({ $0.count }) < wanted.count { pause() }
        var known: [String: [SocketAddress]] = [:]
        for (name, answer) in answers.found.withLock({ $0 }) {
            switch answer {
            case .success(let addresses): known[name] = addresses
            case .failure(let failure): complain("sluice: warning: the name \(name) does not resolve yet: \(failure)")
            }
        }
        return known
    }
}

import Glibc

/// Finds the addresses of names without holding up a loop.
///
/// Look-ups block (`getaddrinfo` knows no other way), so they run on a few threads of the resolver's own, started when the first name
/// is asked for. One more thread watches the clock: a caller is answered in time even if every look-up hangs. Several callers that
/// want the same name share one look-up.
public final class Resolver: Sendable {
    public typealias Answer = Result<[SocketAddress], ResolveFailure>
    public typealias Completion = @Sendable (Answer) -> Void

    private struct Caller {
        var port: UInt16
        /// In nanoseconds of the loops' clock.
        var deadline: Int64
        var completion: Completion
    }

    private struct State {
        /// Who waits for a name that is being looked up or queued. Without callers if all have been told that time is up.
        var callers: [String: [Caller]] = [:]
        var queue: [String] = []
        var threads = 0
        /// Threads that look a name up.
        var running = 0
        var hasClock = false
        var isStopped = false
    }

    private let timeoutMilliseconds: Int
    private let maxThreads: Int
    private let lookUp: @Sendable (String) -> Answer
    private let monitor = Monitor(State())

    /// - Parameters:
    ///   - timeoutMilliseconds: how long a caller waits at most.
    ///   - maxThreads: look-ups that may run at once. One name server that hangs must not hold up the names of another.
    public convenience init(timeoutMilliseconds: Int = 5_000, maxThreads: Int = 4) {
        self.init(timeoutMilliseconds: timeoutMilliseconds, maxThreads: maxThreads, lookUp: SystemLookup.addresses)
    }

    /// A resolver that asks `lookUp` instead of the system. It may block, and is called on several threads at once.
    public init(timeoutMilliseconds: Int, maxThreads: Int, lookUp: @escaping @Sendable (String) -> Answer) {
        precondition(timeoutMilliseconds > 0 && maxThreads > 0)
        self.timeoutMilliseconds = timeoutMilliseconds
        self.maxThreads = maxThreads
        self.lookUp = lookUp
    }

    /// Finds the TCP addresses of `host`, best first, with `port`.
    ///
    /// `completion` is called exactly once: for an IP literal and for what cannot be a name before this returns, else on one of the
    /// resolver's threads, from where it should only post to a loop. How long an answer holds is not known: ask again now and then.
    public func resolve(host: String, port: UInt16, completion: @escaping Completion) {
        if let address = SocketAddress.parse(host, port: port) { return completion(.success([address])) }
        guard Self.isName(host) else { return completion(.failure(.unknownName)) }
        let problem: ResolveFailure? = monitor.change { state in
            guard !state.isStopped else { return .stopped }
            let deadline = EventLoop.readClock() + Int64(timeoutMilliseconds) * 1_000_000
            let caller = Caller(port: port, deadline: deadline, completion: completion)
            if state.callers[host] != nil {
                state.callers[host]?.append(caller)
                return nil
            }
            if let problem = startThreads(&state) { return problem }
            state.callers[host] = [caller]
            state.queue.append(host)
            return nil
        }
        if let problem { completion(.failure(problem)) }
    }

    /// Tells everybody who waits that it is over, and ends the threads as their look-ups return. Does not wait for them.
    public func stop() {
        let callers: [Caller] = monitor.change { state in
            state.isStopped = true
            state.queue.removeAll()
            defer { state.callers.removeAll() }
            return state.callers.values.flatMap { $0 }
        }
        for caller in callers { caller.completion(.failure(.stopped)) }
    }

    /// What a look-up would take for an IP address in an odd spelling (`127.1`, `0x7f.1`, `2130706433`) is no name here: an address
    /// with a slip in it must not become another address.
    static func isName(_ host: String) -> Bool {
        let bytes = host.utf8
        guard !bytes.isEmpty, bytes.count <= 255, !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else { return false }
        let labels = host.hasSuffix(".") ? host.dropLast()[...] : host[...]
        let last = labels.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).last ?? labels.utf8[...]
        guard let first = last.first else { return false }
        let isHexadecimal = first == UInt8(ascii: "0") && last.dropFirst().first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
        return !isHexadecimal && !last.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    // MARK: Threads

    /// Makes sure that somebody looks names up and somebody watches the clock. Called under the lock.
    private func startThreads(_ state: inout State) -> ResolveFailure? {
        do throws(SystemError) {
            if !state.hasClock {
                _ = try LoopThread(name: "sluice-names") { self.watchClock() }
                state.hasClock = true
            }
            // Threads that are idle may have been woken for queued names already.
            if state.threads - state.running <= state.queue.count, state.threads < maxThreads {
                _ = try LoopThread(name: "sluice-lookup") { self.lookUpNames() }
                state.threads += 1
            }
            return nil
        } catch {
            // With a thread left, the name only waits a little longer.
            return state.hasClock && state.threads > 0 ? nil : .failed(code: EAI_SYSTEM)
        }
    }

    private func lookUpNames() {
        LoopThread.leaveSignalsToOthers()
        while let host = nextName() {
            let answer = lookUp(host)
            let callers = monitor.hold { $0.callers.removeValue(forKey: host) } ?? []
            for caller in callers { caller.completion(answer.map { $0.map { $0.with(port: caller.port) } }) }
            monitor.hold { $0.running -= 1 }
        }
    }

    /// Waits for a name that somebody still wants; nil at the end.
    private func nextName() -> String? {
        monitor.wait { state -> String?? in
            while !state.queue.isEmpty {
                let host = state.queue.removeFirst()
                if state.callers[host]?.isEmpty == false {
                    state.running += 1
                    return host
                }
                state.callers[host] = nil
            }
            return state.isStopped ? .some(nil) : nil
        }
    }

    private func watchClock() {
        LoopThread.leaveSignalsToOthers()
        while let late = nextTimedOut() {
            for caller in late { caller.completion(.failure(.timedOut)) }
        }
    }

    /// Waits until somebody has waited too long, and takes them out; nil at the end.
    private func nextTimedOut() -> [Caller]? {
        monitor.wait { state, again -> [Caller]?? in
            if state.isStopped { return .some(nil) }
            let now = EventLoop.readClock()
            var late: [Caller] = []
            for (host, callers) in state.callers {
                // Callers of one name have come in order, and all wait equally long.
                let count = callers.prefix { $0.deadline <= now }.count
                late += callers.prefix(count)
                if count > 0 { state.callers[host]?.removeFirst(count) }
                if count < callers.count { again = min(again ?? .max, callers[count].deadline) }
            }
            if late.isEmpty { return nil }
            return late
        }
    }
}

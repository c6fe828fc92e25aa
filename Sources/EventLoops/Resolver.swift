import Glibc

/// Finds the addresses of names without holding up a loop.
///
/// Look-ups block (`getaddrinfo` knows no other way), so they run on a few threads of the resolver's own, started when the first name
/// is asked for. One more thread watches the clock: a caller is answered in time even if every look-up hangs. Several callers that
/// want the same name share one look-up.
@safe
public final class Resolver: @unchecked Sendable {
    // @unchecked: everything mutable is in `state`, guarded by `lock`.

    public typealias Answer = Result<[SocketAddress], ResolveFailure>
    public typealias Completion = @Sendable (Answer) -> Void

    private struct Caller {
        var port: UInt16
        var deadline: timespec
        var completion: Completion
    }

    private struct State {
        /// Who waits for a name that is being looked up or queued. Without callers if all have been told that time is up.
        var callers: [String: [Caller]] = [:]
        var queue: [String] = []
        var threads = 0
        var idleThreads = 0
        var hasClock = false
        var isStopped = false
    }

    private let timeoutMilliseconds: Int
    private let maxThreads: Int
    private let lookUp: @Sendable (String) -> Answer
    private var state = State()
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    // Broadcast when the queue, the earliest deadline or `isStopped` changes.
    private let changed: UnsafeMutablePointer<pthread_cond_t>

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
        unsafe lock = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(changed, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(lock)
        unsafe changed.deallocate()
        unsafe lock.deallocate()
    }

    /// Finds the TCP addresses of `host`, best first, with `port`.
    ///
    /// `completion` is called exactly once: for an IP literal and for what cannot be a name before this returns, else on one of the
    /// resolver's threads, from where it should only post to a loop. How long an answer holds is not known: ask again now and then.
    public func resolve(host: String, port: UInt16, completion: @escaping Completion) {
        if let address = SocketAddress.parse(host, port: port) { return completion(.success([address])) }
        guard Self.isName(host) else { return completion(.failure(.unknownName)) }
        let problem: ResolveFailure? = locked { state in
            guard !state.isStopped else { return .stopped }
            let caller = Caller(port: port, deadline: Self.time(in: timeoutMilliseconds), completion: completion)
            if state.callers[host] != nil {
                state.callers[host]?.append(caller)
                return nil
            }
            if let problem = startThreads(&state) { return problem }
            state.callers[host] = [caller]
            state.queue.append(host)
            return nil
        }
        if let problem { return completion(.failure(problem)) }
        unsafe pthread_cond_broadcast(changed)
    }

    /// Tells everybody who waits that it is over, and ends the threads as their look-ups return. Does not wait for them.
    public func stop() {
        let callers: [Caller] = locked { state in
            state.isStopped = true
            state.queue.removeAll()
            defer { state.callers.removeAll() }
            return state.callers.values.flatMap { $0 }
        }
        unsafe pthread_cond_broadcast(changed)
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
            if state.idleThreads <= state.queue.count, state.threads < maxThreads {
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
            let callers = locked { $0.callers.removeValue(forKey: host) } ?? []
            for caller in callers { caller.completion(answer.map { $0.map { $0.with(port: caller.port) } }) }
        }
    }

    /// Waits for a name that somebody still wants; nil at the end.
    private func nextName() -> String? {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        while true {
            while !state.queue.isEmpty {
                let host = state.queue.removeFirst()
                if state.callers[host]?.isEmpty == false { return host }
                state.callers[host] = nil
            }
            if state.isStopped { return nil }
            state.idleThreads += 1
            unsafe pthread_cond_wait(changed, lock)
            state.idleThreads -= 1
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
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        while !state.isStopped {
            let now = Self.time(in: 0)
            var late: [Caller] = []
            var earliest: timespec? = nil
            for (host, callers) in state.callers {
                // Callers of one name have come in order, and all wait equally long.
                let count = callers.prefix { !Self.isBefore(now, $0.deadline) }.count
                late += callers.prefix(count)
                if count > 0 { state.callers[host]?.removeFirst(count) }
                if count < callers.count, earliest.map({ Self.isBefore(callers[count].deadline, $0) }) ?? true {
                    earliest = callers[count].deadline
                }
            }
            if !late.isEmpty { return late }
            if var earliest {
                unsafe pthread_cond_timedwait(changed, lock, &earliest)
            } else {
                unsafe pthread_cond_wait(changed, lock)
            }
        }
        return nil
    }

    private func locked<R>(_ body: (inout State) -> R) -> R {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return body(&state)
    }

    private static func time(in milliseconds: Int) -> timespec {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        time.tv_sec += milliseconds / 1_000
        time.tv_nsec += milliseconds % 1_000 * 1_000_000
        if time.tv_nsec >= 1_000_000_000 {
            time.tv_sec += 1
            time.tv_nsec -= 1_000_000_000
        }
        return time
    }

    private static func isBefore(_ one: timespec, _ other: timespec) -> Bool {
        (one.tv_sec, one.tv_nsec) < (other.tv_sec, other.tv_nsec)
    }
}

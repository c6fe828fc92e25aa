import Glibc

/// State that several threads share, with a way to wait for it to change: a mutex and a condition. For threads beside the loops; a loop only
/// holds it for a moment.
@safe
final class Monitor<State>: @unchecked Sendable {
    // @unchecked: `state` is touched under `lock` only.
    private var state: State
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>

    init(_ state: State) {
        self.state = state
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

    /// Reads or changes the state; those that wait look at it again.
    func change<Result>(_ body: (inout State) -> Result) -> Result {
        defer { unsafe pthread_cond_broadcast(changed) }
        return hold(body)
    }

    /// Reads or changes what nobody waits for.
    func hold<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return body(&state)
    }

    /// Waits until `body` has a result.
    func wait<Result>(until body: (inout State) -> Result?) -> Result { wait { state, _ in body(&state) } }

    /// The same where time counts, too: `body` may set when it is to be asked again without a change, in nanoseconds of the loops' clock.
    func wait<Result>(until body: (inout State, _ again: inout Int64?) -> Result?) -> Result {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        while true {
            var again: Int64?
            if let result = body(&state, &again) { return result }
            if let again {
                var time = timespec(tv_sec: Int(again / 1_000_000_000), tv_nsec: Int(again % 1_000_000_000))
                unsafe pthread_cond_timedwait(changed, lock, &time)
            } else {
                unsafe pthread_cond_wait(changed, lock)
            }
        }
    }

    /// Waits until `condition` holds, for so many milliseconds at most. False when the time is up.
    func wait(milliseconds: Int64, until condition: (State) -> Bool) -> Bool {
        let end = EventLoop.readClock() + milliseconds * 1_000_000
        return wait { state, again in
            if condition(state) { return true }
            again = end
            return EventLoop.readClock() < end ? nil : false
        }
    }
}

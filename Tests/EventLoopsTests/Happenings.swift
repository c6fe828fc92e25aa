import Glibc
import Testing

/// Things that happen on several threads, in order, and a way to wait for them: blocks the thread, never a task of the pool that
/// the test itself needs, and gives up after ten seconds.
@safe final class Happenings<Thing: Sendable>: @unchecked Sendable {
    // @unchecked: `things` is guarded by the lock.
    private let lock: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
    private let changed: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)
    private var things: [Thing] = []

    init() {
        unsafe pthread_mutex_init(lock, nil)
        unsafe pthread_cond_init(changed, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(lock)
        unsafe changed.deallocate()
        unsafe lock.deallocate()
    }

    func add(_ thing: Thing) {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        things.append(thing)
        unsafe pthread_cond_broadcast(changed)
    }

    var all: [Thing] { wait { _ in true } }

    /// All that has happened, as soon as it is enough.
    @discardableResult
    func wait(until isEnough: ([Thing]) -> Bool) -> [Thing] {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += 10
        while !isEnough(things) {
            if unsafe pthread_cond_timedwait(changed, lock, &deadline) == ETIMEDOUT {
                Issue.record("waited in vain; so far: \(things)")
                break
            }
        }
        return things
    }

    @discardableResult
    func wait(for count: Int) -> [Thing] { wait { $0.count >= count } }
}

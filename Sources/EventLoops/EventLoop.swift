import CPlatform
import Glibc
import Synchronization

/// One thread, its epoll, and everything that belongs to it. Nothing here is shared but `post` and `stop`, which any thread
/// may call.
@safe
public final class EventLoop: @unchecked Sendable {
    // @unchecked: all stored state but `inbox` and `wakeUp` is touched only by the loop's own thread.

    /// Which loop this is, from 0.
    public let index: Int
    private let epoll: Int32
    private let wakeUp: Int32
    private let events: UnsafeMutablePointer<sluice_event>
    private static let eventsATurn = 256

    /// A place for a source. The table owns what stands in it, but calls it without counting: a source that is retired goes to `retired`.
    @safe
    private struct Place {
        var source: Unmanaged<EventSource>?
        /// What the source's events must carry: an event of a source that is gone is dropped.
        var generation: UInt32 = 0
    }

    private var places: [Place] = []
    private var freeSlots: [Int] = []
    /// Sources that ended in this turn: kept until its end, because one of their methods may still be running.
    private var retired: [EventSource] = []
    private var again: [(slot: Int, generation: UInt32)] = []
    private var againNow: [(slot: Int, generation: UInt32)] = []

    private var wheel: TimerWheel
    /// Milliseconds a tick of the wheel, as a shift.
    private static let tickShift: Int64 = 3

    /// Time of this turn on the loop's clock (CLOCK_MONOTONIC), nanoseconds. Read once a turn.
    public private(set) var nowNanoseconds: Int64
    /// The same in milliseconds.
    public private(set) var now: Int64
    private var wallCheckedAt: Int64 = -1
    /// Seconds since 1970 (CLOCK_REALTIME), brought up to date at most every 100 ms.
    private var wallSecondsCached: Int64 = 0

    private let inbox = Mutex<[@Sendable () -> Void]>([])
    private let jobs = Mutex<[UnownedJob]>([])
    private let stopping = Atomic<Bool>(false)

    /// Errors: `errno` of the system call that failed.
    public init(index: Int) throws(SystemError) {
        self.index = index
        epoll = sluice_epoll_create()
        guard epoll >= 0 else { throw SystemError(call: "epoll_create1") }
        wakeUp = sluice_eventfd()
        guard wakeUp >= 0 else { throw SystemError(call: "eventfd") }
        unsafe events = .allocate(capacity: Self.eventsATurn)
        let clock = Self.readClock()
        nowNanoseconds = clock
        now = clock / 1_000_000
        wheel = TimerWheel(now: (clock / 1_000_000) >> Self.tickShift)
        retired.reserveCapacity(256)
        again.reserveCapacity(64)
        againNow.reserveCapacity(64)
        guard sluice_epoll_add_level(epoll, wakeUp, UInt64.max) == 0 else { throw SystemError(call: "epoll_ctl") }
    }

    deinit {
        unsafe events.deallocate()
        close(epoll)
        close(wakeUp)
    }

    /// The clock of the loops at this moment, in nanoseconds: CLOCK_MONOTONIC.
    static func readClock() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// The loop's clock at this moment, in nanoseconds: a call of some 25 ns, where `nowNanoseconds` is that of the turn.
    public func clockNanoseconds() -> Int64 { Self.readClock() }

    /// Milliseconds since 1970 right now, for log lines.
    public func wallMilliseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
    }

    /// Seconds since 1970, at most 100 ms old.
    public var wallSeconds: Int64 {
        if now - wallCheckedAt >= 100 || wallCheckedAt < 0 {
            var time = timespec()
            unsafe clock_gettime(CLOCK_REALTIME, &time)
            wallSecondsCached = Int64(time.tv_sec)
            wallCheckedAt = now
        }
        return wallSecondsCached
    }

    // MARK: Sources

    /// How a descriptor is watched.
    public enum Watch: Sendable {
        /// Both directions, once a change.
        case edges
        /// Reading only, once a change, until `watchSending`: a fresh connection that can be sent to is no news.
        case reading
        /// Reading only, as long as there is something.
        case level
        /// The same for a descriptor that several loops watch: one of those that wait is told.
        case shared
        /// No descriptor: only deadlines and `runAgain`.
        case nothing
    }

    /// Takes `source` into the loop, watching `descriptor`. Errors: `errno` of epoll_ctl; the source is then not registered.
    public func register(_ source: EventSource, descriptor: Int32 = -1, watch: Watch) -> SystemError? {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = places.count
            places.append(Place())
        }
        let key = key(of: slot)
        if let error = add(descriptor, watch, key) {
            freeSlots.append(slot)
            return error
        }
        unsafe places[slot].source = .passRetained(source)
        source.slot = slot
        return nil
    }

    private func add(_ descriptor: Int32, _ watch: Watch, _ key: UInt64) -> SystemError? {
        let result: Int32 =
            switch watch {
            case .edges: sluice_epoll_add(epoll, descriptor, key)
            case .reading: sluice_epoll_add_reading(epoll, descriptor, key)
            case .level: sluice_epoll_add_level(epoll, descriptor, key)
            case .shared: sluice_epoll_add_shared(epoll, descriptor, key)
            case .nothing: 0
            }
        return result == 0 ? nil : SystemError(call: "epoll_ctl")
    }

    /// Takes `source` out: no call reaches it any more, and the loop lets go of it at the end of the turn. Its descriptor is
    /// closed by whoever owns it, which also ends epoll's watch.
    public func retire(_ source: EventSource) {
        let slot = source.slot
        guard slot >= 0 else { return }
        wheel.disarm(slot)
        source.deadline = .max
        source.slot = -1
        places[slot].generation &+= 1
        if let object = unsafe places[slot].source.take() { retired.append(unsafe object.takeRetainedValue()) }
        freeSlots.append(slot)
    }

    /// Stops watching a descriptor that stays open, such as a listener that pauses.
    public func unwatch(descriptor: Int32) { _ = sluice_epoll_delete(epoll, descriptor) }

    /// Watches a descriptor of a registered source again. Errors: `errno` of epoll_ctl; it is then not watched.
    public func watchAgain(_ source: EventSource, descriptor: Int32, _ watch: Watch) -> SystemError? {
        guard source.slot >= 0 else { return nil }
        return add(descriptor, watch, key(of: source.slot))
    }

    /// Watches a descriptor of a source that was registered without one, for reading, once a change. What waits already is a change.
    /// Errors: `errno` of epoll_ctl; the descriptor is then not watched.
    public func watchReading(_ source: EventSource, descriptor: Int32) -> SystemError? {
        guard source.slot >= 0 else { return nil }
        return sluice_epoll_add_reading(epoll, descriptor, key(of: source.slot)) == 0 ? nil : SystemError(call: "epoll_ctl")
    }

    /// Watches the other direction too, of a source that was registered for reading. Says writable at once if it is.
    public func watchSending(_ source: EventSource, descriptor: Int32) {
        guard source.slot >= 0 else { return }
        _ = sluice_epoll_watch_both(epoll, descriptor, key(of: source.slot))
    }

    /// Calls `body` with each source that is registered now. `body` may retire any of them. For rare events: O(sources).
    public func forEachSource(_ body: (EventSource) -> Void) {
        for slot in 0..<places.count { withSource(slot, body) }
    }

    private func key(of slot: Int) -> UInt64 {
        UInt64(places[slot].generation) << 32 | UInt64(UInt32(truncatingIfNeeded: slot))
    }

    /// Calls `body` with the source in `slot`, if there is one. It may be retired inside: it lives until the end of the turn.
    @inline(__always)
    private func withSource(_ slot: Int, _ body: (EventSource) -> Void) {
        guard let source = unsafe places[slot].source else { return }
        unsafe source._withUnsafeGuaranteedRef { body($0) }
    }

    /// Has `resume()` called on the next turn.
    public func runAgain(_ source: EventSource) {
        guard source.slot >= 0 else { return }
        again.append((source.slot, places[source.slot].generation))
    }

    /// Calls `deadlinePassed` when `now` reaches `deadline` (milliseconds, may be up to one tick late, never early). Moving a
    /// deadline further away costs two stores: the wheel notices when the old one comes up.
    @inline(__always)
    public func setDeadline(_ source: EventSource, _ deadline: Int64) {
        source.deadline = deadline
        if deadline != .max { linkDeadline(source.slot, deadline) }
    }

    /// Never calls `deadlinePassed` for what was set before.
    @inline(__always)
    public func clearDeadline(_ source: EventSource) { source.deadline = .max }

    private func linkDeadline(_ slot: Int, _ deadline: Int64) {
        guard slot >= 0 else { return }
        // One that has passed comes up with the next tick, not in the midst of this one.
        let tick = (max(deadline, now) >> Self.tickShift) + 1
        if let armed = wheel.armed(slot), armed <= tick { return }
        wheel.arm(slot, at: tick)
    }

    // MARK: Other threads

    /// Runs `work` on the loop's thread, soon. Any thread may call it.
    public func post(_ work: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.append(work) }
        wake()
    }

    /// Takes a Swift Concurrency job for the loop's thread (see `LoopExecutor`).
    func enqueue(_ job: UnownedJob) {
        jobs.withLock { $0.append(job) }
        wake()
    }

    /// Ends `run` after the present turn. Any thread may call it.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        wake()
    }

    private func wake() {
        var one: UInt64 = 1
        _ = unsafe write(wakeUp, &one, 8)
    }

    // MARK: Running

    /// Serves until `stop`. Call it on the thread that is to be the loop's.
    public func run() {
        while !stopping.load(ordering: .acquiring) { turn() }
    }

    /// One turn: wait, dispatch, run timers and posted work.
    public func turn() {
        let count = unsafe sluice_epoll_wait(epoll, events, Int32(Self.eventsATurn), waitMilliseconds())
        let clock = Self.readClock()
        nowNanoseconds = clock
        now = clock / 1_000_000
        var woken = false
        var index = 0
        while index < Int(count) {
            let key = unsafe events[index].key
            let slot = Int(truncatingIfNeeded: key & 0xFFFF_FFFF)
            if key == UInt64.max {
                woken = true
            } else if slot < places.count, places[slot].generation == UInt32(truncatingIfNeeded: key >> 32) {
                let readiness = Readiness(rawValue: unsafe events[index].events)
                withSource(slot) { $0.ready(readiness) }
            }
            index &+= 1
        }
        if woken { takeInbox() }
        let tick = now >> Self.tickShift
        if tick > wheel.current { runTimers(to: tick) }
        if !again.isEmpty { runResumed() }
        if !retired.isEmpty { retired.removeAll(keepingCapacity: true) }
    }

    private func waitMilliseconds() -> Int32 {
        if !again.isEmpty { return 0 }
        guard let next = wheel.next else { return -1 }
        let milliseconds = (next << Self.tickShift) - now
        return Int32(clamping: max(0, milliseconds))
    }

    private func runTimers(to tick: Int64) {
        // One at a time: sources arm and disarm timers from inside.
        while let slot = wheel.takeDue(by: tick) { withSource(slot) { deadlineCame(to: $0) } }
    }

    /// The wheel came to a deadline of `source`, which may have been moved on since.
    private func deadlineCame(to source: EventSource) {
        guard source.deadline != .max else { return }
        if source.deadline > now {
            linkDeadline(source.slot, source.deadline)
        } else {
            source.deadline = .max
            source.deadlinePassed()
        }
    }

    private func runResumed() {
        swap(&again, &againNow)
        for entry in againNow where places[entry.slot].generation == entry.generation { withSource(entry.slot) { $0.resume() } }
        againNow.removeAll(keepingCapacity: true)
    }

    private func takeInbox() {
        var drained: UInt64 = 0
        _ = unsafe read(wakeUp, &drained, 8)
        let work = inbox.withLock { inbox in
            let taken = inbox
            inbox.removeAll(keepingCapacity: true)
            return taken
        }
        for item in work { item() }
        let ready = jobs.withLock { jobs in
            let taken = jobs
            jobs.removeAll(keepingCapacity: true)
            return taken
        }
        for job in ready { unsafe job.runSynchronously(on: executor.asUnownedTaskExecutor()) }
    }

    /// Runs Swift Concurrency tasks on this loop's thread (SE-0417).
    public private(set) lazy var executor = LoopExecutor(self)
}

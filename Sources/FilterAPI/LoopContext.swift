/// What a filter is given of the loop that it lives on.
public final class LoopContext {
    /// Which loop it is, from 0, and how many there are.
    public let index: Int
    public let count: Int
    /// The name of the filter's section.
    public let section: String
    /// The time on this loop. Keep the clock, not a time.
    public let clock: LoopClock
    private let sharing: SharedObjects
    private let state: LoopState
    private let apps: [String]
    let system: LoopSystem

    package init(
        index: Int, count: Int, section: String, clock: LoopClock, sharing: SharedObjects, state: LoopState, apps: [String],
        system: LoopSystem
    ) {
        self.index = index
        self.count = count
        self.section = section
        self.clock = clock
        self.sharing = sharing
        self.state = state
        self.apps = apps
        self.system = system
    }

    /// The gateway is ending. For the `drain-delay` of its config it still takes connections; then no more, and it closes each when its
    /// request is answered. Keep the context to ask later.
    public var isDraining: Bool { state.isDraining }

    /// The `[app:NAME]` section of this name; nil if there is none.
    public func app(named name: String) -> AppReference? { apps.firstIndex(of: name).map(AppReference.init) }

    /// Reserves zeroed bytes in every exchange of this loop. Only while the filter is made.
    public func reserveState<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) -> StateSlot<Value> { state.layout.reserve(type) }

    /// Reserves a place for an object in every exchange of this loop. Only while the filter is made.
    public func reserveObject<Value: AnyObject>(_ type: Value.Type = Value.self) -> ObjectSlot<Value> { state.layout.reserve(object: type) }

    /// Tells the operator something, on standard error. Only while the filter is made.
    public func tell(_ text: String) { system.system.complain("sluice: [filter:\(section)]: \(text)") }

    /// A descriptor and a timer of the filter's own. It works as long as the object is kept.
    public func makeWatch() -> LoopWatch { LoopWatch(system.services.makeWatchEngine()) }

    /// Something that will happen on this loop.
    ///
    /// - Parameter action: what the filter does then, on the loop, before requests that wait for it go on.
    public func makeEvent(_ action: (() -> Void)? = nil) -> LoopEvent { LoopEvent(post: system.services.post, action: action) }

    /// The object that all loops share under `name`, for this section: made by the first loop that asks. It must be safe to use from
    /// several threads at once. It outlives a change of the config as long as a section of this name asks for the same name and type.
    public func shared<Value: AnyObject & Sendable>(_ name: String = "", _ make: () -> Value) -> Value {
        sharing.object("\(section)/\(name)", make)
    }
}

/// The time on one loop: read once a turn, so reading it costs nothing.
public final class LoopClock {
    /// Nanoseconds on a clock that never goes back, from an arbitrary beginning that all loops share.
    public package(set) var nanoseconds: Int64 = 0
    /// Seconds since 1970-01-01 UTC, at most 100 ms old.
    public package(set) var wallSeconds: Int64 = 0

    package init() {}
}

/// What the filters of one loop have reserved so far, and what they may know of it.
package final class LoopState {
    package var layout = StateLayout()
    package var isDraining = false
    package init() {}
}

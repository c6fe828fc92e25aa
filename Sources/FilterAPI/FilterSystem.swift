/// What filters have of the system: files, and threads beside the loops. Filters reach it through `LoopContext`; the gateway implements it on
/// the kernel, `FilterTesting` without one. Any thread may call it.
package protocol FilterSystem: AnyObject, Sendable {
    /// Looks at some files now and from now on (see `LoopContext.watchFiles`).
    ///
    /// - Parameters:
    ///   - limit: bytes that each may have; nil if only its presence matters.
    ///   - changed: called with what is found at each path, on any thread, whenever that is something else than before.
    /// - Returns: what is found now, at each path.
    func watch(_ paths: [String], upTo limit: Int?, _ changed: @escaping @Sendable ([FileContent]) -> Void) -> [FileContent]

    /// Runs work on a thread beside the loops. Nil when too much waits already; it is then never run.
    func submit(_ work: @escaping @Sendable () -> Void) -> UInt64?

    /// Takes work that waits out of the queue. False if it runs already, or has run.
    func cancel(_ work: UInt64) -> Bool

    /// Tells the operator, in one line.
    func complain(_ line: String)
}

/// What one loop has of the system.
package struct LoopSystem {
    let system: any FilterSystem
    let files: SharedObjects
    let services: any LoopServices
    let post: (@escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - files: what all loops of these filters know of files.
    ///   - services: descriptors, timers and events of filters.
    ///   - post: runs something on this loop, soon. Any thread may call it.
    package init(
        _ system: any FilterSystem, files: SharedObjects, services: any LoopServices,
        post: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.system = system
        self.files = files
        self.services = services
        self.post = post
    }
}

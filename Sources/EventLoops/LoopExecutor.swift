/// A loop as a task executor (SE-0417): `Task(executorPreference: loop.executor)` starts and continues on the loop's own thread,
/// so that what it does may touch what the loop owns, and no thread is changed.
public final class LoopExecutor: TaskExecutor {
    // The loop lives as long as the process serves; it owns this executor.
    private unowned let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    public func enqueue(_ job: consuming ExecutorJob) {
        loop.enqueue(UnownedJob(job))
    }
}

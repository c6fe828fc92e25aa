import CPlatform
import Glibc

/// The thread of one loop: runs `EventLoop.run` until it is stopped.
@safe
public struct LoopThread: ~Copyable {
    private let thread: pthread_t

    private final class Start {
        let body: @Sendable () -> Void
        let name: String
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread called `name` (15 bytes at most are kept) that runs `body`. Errors: pthread_create's.
    public init(name: String, body: @escaping @Sendable () -> Void) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(Start(name: String(name.prefix(15)), body: body)).toOpaque()
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                unsafe start.name.withCString { unsafe sluice_name_thread($0) }
                start.body()
                return nil
            }, start)
        guard result == 0 else {
            unsafe Unmanaged<Start>.fromOpaque(start).release()
            throw SystemError(call: "pthread_create", code: result)
        }
        self.thread = thread
    }

    /// Waits until the thread has ended.
    public consuming func join() { pthread_join(thread, nil) }

    /// Signals come to other threads than the calling one.
    static func leaveSignalsToOthers() {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    }

    /// The calling thread gets less of a core that others want too: a third of what they get.
    static func yieldToOthers() {
        // Where that is not allowed, it competes as others do.
        _ = sluice_lower_priority(5)
    }
}

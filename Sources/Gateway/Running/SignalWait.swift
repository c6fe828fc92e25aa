// unsafe: signal sets
import Glibc

/// The signals that steer the gateway, blocked in every thread from here on and taken one by one.
struct SignalWait {
    enum Event {
        case end, reopenLog, printCounters, nothing
    }

    private var set = sigset_t()

    /// Call it before any thread is started, so that all inherit the mask. SIGPIPE is ignored.
    init() {
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        unsafe sigaddset(&set, SIGINT)
        unsafe sigaddset(&set, SIGUSR1)
        unsafe sigaddset(&set, SIGUSR2)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for one of them, for at most so long; nil waits for ever.
    func wait(milliseconds: Int64?) -> Event {
        var set = set
        let number: Int32
        if let milliseconds {
            var time = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
            number = unsafe sigtimedwait(&set, nil, &time)
        } else {
            number = unsafe sigwaitinfo(&set, nil)
        }
        switch number {
        case SIGTERM, SIGINT: return .end
        case SIGUSR1: return .reopenLog
        case SIGUSR2: return .printCounters
        default: return .nothing
        }
    }
}

/// Lets other threads run for a millisecond.
func pause() { usleep(1000) }

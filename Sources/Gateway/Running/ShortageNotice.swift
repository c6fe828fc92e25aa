import EventLoops
import Synchronization

/// Says that descriptors or memory have run out: one line in ten seconds at most, whichever loops find out, with how often since the last.
final class ShortageNotice: Sendable {
    private struct Seen {
        var saidAt: Int64?
        var failures = 0
    }

    private let seen = Mutex(Seen())
    /// Milliseconds between two lines.
    static let interval: Int64 = 10_000

    /// Counts a call that failed.
    ///
    /// - Parameters:
    ///   - now: milliseconds on the clock that all loops have.
    ///   - canSay: a line could be written now; else the next call's is.
    /// - Returns: the line to say; nil when it is too early.
    func line(for error: SystemError, now: Int64, canSay: Bool) -> String? {
        let failures: Int? = seen.withLock { seen in
            seen.failures += 1
            guard canSay, seen.saidAt.map({ now - $0 >= Self.interval }) ?? true else { return nil }
            defer { seen.failures = 0 }
            seen.saidAt = now
            return seen.failures
        }
        guard let failures else { return nil }
        let count = failures == 1 ? "" : " (\(failures) calls since the last such line)"
        return "sluice: warning: \(error)\(count). New connections wait or fail. \(Self.remedy(error))"
    }

    private static func remedy(_ error: SystemError) -> String {
        if error.isProcessLimit { return "\(DescriptorLimit.present) descriptors may be open: raise \(DescriptorLimit.remedy)" }
        return error.isSystemLimit ? "The whole system has as many open files as it may have: raise fs.file-max (sysctl)" : "The system is short of memory for sockets"
    }
}

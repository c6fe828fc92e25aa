import Glibc

/// The end of a wait. Generous: it is there so that a hang is a failure, not to measure anything.
struct Deadline {
    /// `SLUICE_TEST_DEADLINE` (seconds) shortens it for runs in which much is expected to fail.
    static let usual = Duration.seconds(unsafe getenv("SLUICE_TEST_DEADLINE").flatMap { unsafe Int(String(cString: $0)) } ?? 15)

    private let end: ContinuousClock.Instant

    init(_ duration: Duration = Deadline.usual) {
        end = .now + duration
    }

    var passed: Bool { ContinuousClock.now >= end }

    /// Milliseconds left, for poll(2); 0 when it has passed.
    var millisecondsLeft: Int32 {
        let left = end - .now
        guard left > .zero else { return 0 }
        return Int32(clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
    }
}

/// Waits until `condition` holds, looking again every few milliseconds: for what the kernel gives no event for
/// (a counter in /proc, a file's content).
func wait(upTo limit: Duration = Deadline.usual, until condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline(limit)
    while true {
        if try condition() { return true }
        if deadline.passed { return false }
        _ = poll(nil, 0, 2)
    }
}

import ArgumentParser
import Glibc

/// What the process says to its parent when it ends. Documented in docs/commands.md; scripts depend on it.
public enum ExitStatus: Int32, CaseIterable, Sendable {
    /// The command did what was asked.
    case done = 0
    /// It could not go on: an address is taken, a file cannot be written, the system refuses.
    case failed = 1
    /// The config has errors; all of them were printed.
    case configInvalid = 2
    /// The command line is wrong (EX_USAGE).
    case usage = 64

    /// To throw out of a command.
    var exitCode: ExitCode { ExitCode(rawValue) }

    /// Ends the process at once, without what libraries have registered to be done at its end: threads that read files or look names up
    /// may be at work still, and are not waited for, as a file system may hang. OpenSSL would take its own state away under them.
    func endProcess() -> Never {
        _ = fflush(nil)
        _exit(rawValue)
    }

    /// One line for people.
    public var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "it failed while running"
        case .configInvalid: "the config has errors; all were printed"
        case .usage: "wrong usage of the command line"
        }
    }

    /// The table for `--help`.
    static var table: String {
        "EXIT STATUS:\n"
            + allCases.map { status in
                let number = String(status.rawValue)
                return "  " + number + String(repeating: " ", count: 24 - number.utf8.count) + status.meaning
            }.joined(separator: "\n")
    }
}

import Foundation

/// A shell in an empty folder, with `sluice` in its path, that runs the commands of one page in the order they stand there.
final class Terminal {
    let folder: URL
    private let shell = Process()
    private let input = Pipe()
    private var count = 0

    /// The binary under test: beside this test's own bundle, or `SLUICE_BINARY`.
    static let binary: String = ProcessInfo.processInfo.environment["SLUICE_BINARY"]
        ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("sluice").path

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-docs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("bin"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/bin/sluice", withDestinationPath: Self.binary)
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = folder.path + "/bin:" + (environment["PATH"] ?? "/usr/bin:/bin")
        environment["PYTHONUNBUFFERED"] = "1"
        // What the gateway keeps stays in the folder.
        environment["STATE_DIRECTORY"] = folder.path + "/state"
        // docs/configuration.md takes it as an example of a variable.
        environment["APP_SERVERS"] = "127.0.0.1:9292"
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["--noprofile", "--norc"]
        shell.currentDirectoryURL = folder
        shell.environment = environment
        shell.standardInput = input
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        // Each background job becomes a process group of its own, so that `close` reaches what it has started.
        tell("set -m")
    }

    /// Ends what the page's commands left running, then the shell. Kills: the test runner's threads block SIGTERM, which children inherit.
    func close() throws {
        tell("for job in $(jobs -p); do kill -KILL -- -$job; done; wait; exit")
        try input.fileHandleForWriting.close()
        shell.waitUntilExit()
        try FileManager.default.removeItem(at: folder)
    }

    func write(_ text: String, to name: String) throws {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Runs the command and waits until its output is the expected one; at most two minutes (some commands compile). For a command that goes on in the
    /// background (`&`) that is when it is ready. Returns the last output seen.
    func run(_ command: String, until done: (_ output: String, _ ended: Bool) -> Bool) -> String {
        count += 1
        let output = folder.appendingPathComponent(".\(count).out")
        let status = folder.appendingPathComponent(".\(count).status")
        tell("{ \(command)\n} >'\(output.path)' 2>&1 </dev/null; echo $? >'\(status.path)'")
        let deadline = Date(timeIntervalSinceNow: 120)
        while true {
            let ended = FileManager.default.fileExists(atPath: status.path)
            let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
            if done(text, ended) || Date() > deadline { return text }
            usleep(5000)
        }
    }

    private func tell(_ line: String) {
        try? input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    }
}

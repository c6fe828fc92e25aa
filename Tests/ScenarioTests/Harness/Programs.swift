import Glibc
import Testing

/// Other people's programs that scenarios put before and behind the gateway.
enum Programs {
    /// Where a program is; nil when it is not installed.
    static func find(_ name: String) -> String? { findAll(name).first }

    /// Every place where a program of that name is, the one that a shell takes first.
    static func findAll(_ name: String) -> [String] {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/usr/local/bin"]
        return folders.map { "\($0)/\(name)" }.filter(Folder.isProgram)
    }

    /// Whichever Chromium there is.
    static let browser = ["chromium-headless-shell", "chromium", "google-chrome"].lazy.compactMap(find).first

    /// In CI a missing program is a failure: `deploy/bootstrap --test` installs it. Elsewhere the test is skipped.
    static func isHereOrMustBe(_ name: String) -> Bool {
        unsafe find(name) != nil || getenv("CI") != nil
    }

    /// The program, or a failure that says what installs it.
    static func require(_ name: String) throws -> String {
        guard let path = find(name) else { throw ScenarioFailure("\(name) is not installed: deploy/bootstrap --test installs it") }
        return path
    }

    /// A port of 127.0.0.1 that nobody has now. For programs that cannot be told to let the kernel choose.
    static func freePort() throws -> UInt16 {
        try Descriptor.listening().localPort
    }

    /// Waits until something accepts on `port`.
    static func awaitListening(_ port: UInt16, _ process: Child) throws {
        let up = wait { (try? Descriptor.connected(port: port)).flatMap { $0 } != nil || process.ended }
        guard up, !process.ended else {
            process.collect()
            throw ScenarioFailure("it does not listen on \(port): \(text(process.stderr))")
        }
    }
}

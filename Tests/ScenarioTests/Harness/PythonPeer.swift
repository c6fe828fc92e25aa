import Glibc
import Testing

/// A program of `Tests/Peers`, run by whichever Python has the libraries that it wants: Debian puts them where another Python does not look.
enum PythonPeer {
    static let plain = interpreter(importing: [])
    static let withGunicorn = interpreter(importing: ["gunicorn"])
    static let withUvicorn = interpreter(importing: ["uvicorn", "websockets"])
    static let withGlanceClient = interpreter(importing: ["glanceclient"])
    static let withWebSockets = interpreter(importing: ["websockets"])
    static let withHypercorn = interpreter(importing: ["hypercorn"])
    static let withGRPC = interpreter(importing: ["grpc"])

    /// The first `python3` that imports all of `modules`; nil when there is none.
    private static func interpreter(importing modules: [String]) -> String? {
        let imports = "import " + (["sys"] + modules).joined(separator: ", ")
        return Programs.findAll("python3").first { (try? Child.run([$0, "-c", imports]).ending) == .exit(0) }
    }

    /// As `Programs.isHereOrMustBe`, of an interpreter that was looked for.
    static func isHereOrMustBe(_ interpreter: String?) -> Bool {
        unsafe interpreter != nil || getenv("CI") != nil
    }

    static func path(_ name: String) -> String { "\(AllocationTests.repository)/Tests/Peers/\(name)" }

    /// Starts `interpreter` with `arguments` and waits for the port that it writes, on stdout or stderr: digits behind `marker`.
    static func start(_ interpreter: String?, _ arguments: [String], portBehind marker: String = "") throws -> (process: Child, port: UInt16) {
        guard let interpreter else {
            throw ScenarioFailure("none of \(Programs.findAll("python3")) has the libraries for this test: deploy/bootstrap --test installs them for Debian's /usr/bin/python3")
        }
        // No compiled files in the repository.
        let process = try Child([interpreter] + arguments, environment: ["PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"])
        func port() -> UInt16? {
            process.collect()
            for written in [text(process.stdout), text(process.stderr)] {
                for line in written.split(separator: "\n", omittingEmptySubsequences: true).dropLast(written.hasSuffix("\n") ? 0 : 1) {
                    guard let found = marker.isEmpty ? line.startIndex : line.firstRange(of: marker)?.upperBound else { continue }
                    if let port = UInt16(line[found...].prefix(while: \.isNumber)) { return port }
                }
            }
            return nil
        }
        guard wait(until: { port() != nil || process.ended }), let port = port() else {
            process.collect()
            throw ScenarioFailure("\(arguments) did not start: \(text(process.stdout)) \(text(process.stderr))")
        }
        return (process, port)
    }
}

import Glibc
import Testing

/// The real binary, running on a configuration of one scenario.
final class Gateway {
    let process: Child
    /// The port of each listener, by its name.
    private(set) var ports: [String: UInt16] = [:]
    private let socketsAtStart: Int

    /// The binary under test: beside this test's own bundle, or `SLUICE_BINARY`.
    static let binary: String = {
        if let given = unsafe getenv("SLUICE_BINARY") { return unsafe String(cString: given) }
        var path = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink("/proc/self/exe", &path, 4095)
        let own = String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/sluice"
    }()

    /// Starts it and waits until each of `listeners` accepts.
    /// - Parameter outer: a program with its arguments that prepares something and then becomes the gateway.
    init(
        binary: String = Gateway.binary, arguments: [String], listeners: [String], fileLimit: Int? = nil, within outer: [String] = []
    ) throws {
        process = try Child(outer + [binary] + arguments, fileLimit: fileLimit)
        var found: [String: UInt16] = [:]
        let ready = process.waitForOutput { output in
            for line in output.split(separator: "\n") where line.hasPrefix("listening on ") {
                let words = line.split(separator: " ")
                guard words.count == 4, words[3].hasPrefix("("), words[3].hasSuffix(")") else { continue }
                let port = words[2].split(separator: ":").last.flatMap { UInt16($0) }
                found[String(words[3].dropFirst().dropLast())] = port ?? 0
            }
            return listeners.allSatisfy { found[$0] != nil }
        }
        guard ready else {
            process.collect()
            throw ScenarioFailure("""
                the gateway does not listen (\(process.ended ? "it ended" : "it runs"))
                stdout: \(text(process.stdout))
                stderr: \(text(process.stderr))
                """)
        }
        ports = found
        socketsAtStart = ProcFiles.socketCount(process.pid) ?? 0
    }

    /// Every address of a listener, as printed; waits until there are `count`.
    func addresses(of listener: String = "web", count: Int) throws -> [String] {
        func found(_ output: String) -> [String] {
            output.split(separator: "\n").filter { $0.hasPrefix("listening on ") && $0.hasSuffix(" (\(listener))") }
                .map { String($0.split(separator: " ")[2]) }
        }
        guard process.waitForOutput({ found($0).count >= count }) else { throw ScenarioFailure("not \(count) addresses: \(text(process.stdout))") }
        return found(text(process.stdout))
    }

    var pid: pid_t { process.pid }

    /// All that it wrote on stderr so far.
    var errors: String {
        process.collect()
        return text(process.stderr)
    }

    /// Resident memory, now and at its highest, in bytes.
    var memory: Int { ProcFiles.memory(pid, "VmRSS") ?? 0 }
    var memoryPeak: Int { ProcFiles.memory(pid, "VmHWM") ?? 0 }

    /// Sockets it has open beyond those it began with.
    var extraSockets: Int { (ProcFiles.socketCount(pid) ?? 0) - socketsAtStart }

    /// Checks that it lives, gave back every socket (both sides of every connection are closed by now), and stops at SIGTERM with
    /// status 0.
    func finish() throws {
        if !process.ended {
            guard wait(upTo: .seconds(5), until: { extraSockets <= 0 || process.ended }) else {
                throw ScenarioFailure("the gateway keeps \(extraSockets) sockets whose other ends are closed")
            }
            process.signal(SIGTERM)
        }
        guard let ending = process.waitForEnd(upTo: .seconds(10)) else {
            throw ScenarioFailure("the gateway did not stop at SIGTERM, with nothing in flight")
        }
        guard ending == .exit(0) else { throw ScenarioFailure("the gateway ended with \(ending); stderr: \(errors)") }
    }
}

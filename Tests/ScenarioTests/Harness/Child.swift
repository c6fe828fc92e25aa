import Glibc
import Synchronization

/// A child process whose output is collected. Ends with its owner at the latest.
final class Child {
    let pid: pid_t
    private let output: Int32
    private let errors: Int32
    private(set) var stdout: [UInt8] = []
    private(set) var stderr: [UInt8] = []
    private var status: Int32?

    /// Starts `arguments[0]` (an absolute path). With `fileLimit`, no more than that many descriptors.
    init(_ arguments: [String], environment: [String: String] = [:], fileLimit: Int? = nil) throws {
        var arguments = arguments
        if let fileLimit { arguments = ["/bin/sh", "-c", "ulimit -n \(fileLimit); exec \"$@\"", "sh"] + arguments }
        var out: [Int32] = [0, 0]
        var err: [Int32] = [0, 0]
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        // The runner may have blocked or ignored signals that the child must see.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe _ = posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var variables: [String] = []
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let line = unsafe String(cString: entry)
            if !environment.keys.contains(where: { line.hasPrefix($0 + "=") }) { variables.append(line) }
            unsafe next += 1
        }
        variables += environment.map { "\($0.key)=\($0.value)" }
        var argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var envp = unsafe variables.map { unsafe strdup($0) } + [nil]
        defer { unsafe (argv + envp).forEach { unsafe free($0) } }
        var started: pid_t = 0
        let result: Int32 = descriptorsAndChildren.withLock { _ in
            guard unsafe pipe(&out) == 0, unsafe pipe(&err) == 0 else { return errno }
            unsafe posix_spawn_file_actions_adddup2(&actions, out[1], 1)
            unsafe posix_spawn_file_actions_adddup2(&actions, err[1], 2)
            for end in out + err { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            let result = unsafe posix_spawn(&started, arguments[0], &actions, &attributes, &argv, &envp)
            _ = close(out[1])
            _ = close(err[1])
            return result
        }
        (pid, output, errors) = (started, out[0], err[0])
        guard result == 0 else {
            status = 0
            throw ScenarioFailure("cannot start \(arguments[0]): \(unsafe String(cString: strerror(result)))")
        }
        for end in [output, errors] {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, 1031, 1 << 20)  // F_SETPIPE_SZ: room for what is written while the script looks elsewhere
        }
    }

    deinit {
        if status == nil {
            _ = kill(pid, SIGKILL)
            _ = waitpid(pid, nil, 0)
        }
        _ = close(output)
        _ = close(errors)
    }

    /// Takes what the child has written so far.
    func collect() {
        func drain(_ end: Int32, _ into: inout [UInt8]) {
            var block = [UInt8](repeating: 0, count: 65536)
            while true {
                let got = unsafe block.withUnsafeMutableBytes { unsafe read(end, $0.baseAddress, $0.count) }
                guard got > 0 else { return }
                into.append(contentsOf: block[..<got])
            }
        }
        drain(output, &stdout)
        drain(errors, &stderr)
    }

    /// Waits until what it wrote on stdout satisfies `condition`; false when it did not in time, or ended first.
    func waitForOutput(_ condition: (String) -> Bool) -> Bool {
        wait {
            let over = ended
            collect()
            return condition(text(stdout)) || over
        } && condition(text(stdout))
    }

    func waitForErrors(_ condition: (String) -> Bool) -> Bool {
        wait {
            let over = ended
            collect()
            return condition(text(stderr)) || over
        } && condition(text(stderr))
    }

    func signal(_ number: Int32) { _ = kill(pid, number) }

    var ended: Bool {
        if status == nil {
            var raw: Int32 = 0
            if unsafe waitpid(pid, &raw, WNOHANG) == pid { status = raw }
        }
        return status != nil
    }

    /// How it ended.
    enum Ending: Equatable { case exit(Int32), signal(Int32) }

    /// Waits for its end; nil when it did not end in time.
    func waitForEnd(upTo limit: Duration) -> Ending? {
        guard wait(upTo: limit, until: { collect(); return ended }), let status else { return nil }
        collect()
        return status & 0x7f == 0 ? .exit((status >> 8) & 0xff) : .signal(status & 0x7f)
    }

    /// Runs a program to its end and returns what it wrote.
    static func run(_ arguments: [String], environment: [String: String] = [:], upTo limit: Duration = .seconds(60)) throws
        -> (ending: Ending, stdout: String, stderr: String)
    {
        let child = try Child(arguments, environment: environment)
        guard let ending = child.waitForEnd(upTo: limit) else { throw ScenarioFailure("\(arguments) did not end in \(limit)") }
        return (ending, text(child.stdout), text(child.stderr))
    }
}

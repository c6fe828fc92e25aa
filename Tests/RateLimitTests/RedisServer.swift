import FilterTesting
import Glibc
import RateLimit
import Testing

/// A real redis-server on a unix socket of its own. Killed with its owner at the latest.
final class RedisServer {
    static let isHereOrMustBe = unsafe find("redis-server") != nil || getenv("CI") != nil

    let path: String
    private let folder: String
    private let options: [String]
    private var pid: pid_t = 0

    init(_ options: [String] = []) throws {
        var template = "/tmp/sluice-redis-XXXXXX".utf8CString.map { $0 }
        try #require(unsafe mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = "\(folder)/redis.sock"
        self.options = options
        try start()
    }

    deinit {
        kill()
        unsafe unlink(path)
        unsafe rmdir(folder)
    }

    static func find(_ program: String) -> String? {
        ["/usr/bin/", "/usr/local/bin/"].map { $0 + program }.first { unsafe access($0, X_OK) == 0 }
    }

    /// The option that has a gateway use it.
    var option: String { "store = unix://\(path)" }

    /// Starts it, empty, and waits until it answers.
    func start() throws {
        let program = try #require(Self.find("redis-server"), "redis-server is not installed: deploy/bootstrap --test installs it")
        unsafe unlink(path)
        pid = try Self.spawn(
            [program, "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", folder] + options)
        let end = ContinuousClock.now + .seconds(20)
        while !isAnswering() {
            try #require(ContinuousClock.now < end, "redis-server does not answer")
            usleep(5_000)
        }
    }

    func kill() {
        guard pid > 0 else { return }
        signal(SIGKILL)
        _ = waitpid(pid, nil, 0)
        pid = 0
    }

    func signal(_ number: Int32) { _ = Glibc.kill(pid, number) }

    /// Runs a command with redis-cli.
    func command(_ words: [String]) throws {
        let program = try #require(Self.find("redis-cli"), "redis-cli is not installed: deploy/bootstrap --test installs it")
        let client = try Self.spawn([program, "-s", path] + words)
        var status: Int32 = 0
        _ = unsafe waitpid(client, &status, 0)
        try #require(status == 0)
    }

    private func isAnswering() -> Bool {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in unsafe bytes.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(socket, $0, size) == 0 }
        }
    }

    private static func spawn(_ arguments: [String]) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> { unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0) }
        var argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        try #require(unsafe posix_spawn(&pid, arguments[0], &actions, nil, &argv, environ) == 0)
        return pid
    }
}

import FilterTesting
import Glibc
import RateLimit
import Testing

/// A real redis-server of a test's own. Killed with its owner at the latest.
final class RedisServer {
    /// How gateways reach it.
    enum Way: CaseIterable, Sendable {
        case socket, loopback
    }

    static let isHereOrMustBe = unsafe find("redis-server") != nil || getenv("CI") != nil

    let path: String
    private let folder: String
    private let options: [String]
    private let way: Way
    /// On 127.0.0.1; 0 where it is not reached by TCP.
    private(set) var port: UInt16 = 0
    private var pid: pid_t = 0

    init(_ way: Way = .socket, _ options: [String] = []) throws {
        self.way = way
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
    ///
    /// - Parameter login: what stands before an `@`: `user:password`, or `:password`.
    func option(login: String = "", database: Int? = nil) -> String {
        let login = login.isEmpty ? "" : login + "@"
        return switch way {
        case .socket: "store = unix://\(login)\(path)\(database.map { "?db=\($0)" } ?? "")"
        case .loopback: "store = redis://\(login)127.0.0.1:\(port)\(database.map { "/\($0)" } ?? "")"
        }
    }

    /// Starts it, empty, and waits until it answers: at the same place as before, if it ran before.
    func start() throws {
        let program = try #require(Self.find("redis-server"), "redis-server is not installed: deploy/bootstrap --test installs it")
        let isNew = port == 0
        let end = ContinuousClock.now + .seconds(20)
        repeat {
            if way == .loopback && isNew { port = try Self.freePort() }
            unsafe unlink(path)
            pid = try Self.spawn(
                [program, "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", path, "--save", "", "--appendonly", "no", "--daemonize", "no",
                    "--dir", folder] + options)
            while !hasEnded() {
                if isAnswering() { return }
                try #require(ContinuousClock.now < end, "redis-server does not answer")
                usleep(5_000)
            }
            // Somebody else got the port first.
        } while way == .loopback && isNew && ContinuousClock.now < end
        try #require(Bool(false), "redis-server does not start")
    }

    /// A port of 127.0.0.1 that the kernel has chosen: redis-server cannot be told to let it.
    private static func freePort() throws -> UInt16 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        var address = loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try unsafe withUnsafeMutablePointer(to: &address) { pointer in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try #require(unsafe bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0)
            }
            return unsafe UInt16(bigEndian: pointer.pointee.sin_port)
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// It has ended by itself.
    private func hasEnded() -> Bool {
        guard waitpid(pid, nil, WNOHANG) == pid else { return false }
        pid = 0
        return true
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

    /// It makes its unix socket last, when it has its port.
    private func isAnswering() -> Bool {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
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

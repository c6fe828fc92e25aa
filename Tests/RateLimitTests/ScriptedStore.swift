import Glibc
import Synchronization
import Testing

/// A store of one connection after the other that greets as Redis does, and then answers each question with the same bytes, whatever they are.
final class ScriptedStore: Sendable {
    let path: String
    private let folder: String
    private let listening: Int32
    private let state = Mutex(State())

    private struct State {
        var answer: [UInt8] = []
        var holdsBack = false
        var held = 0
        var connection: Int32 = -1
        /// Bytes that the gateway's kernel took, and connections that there were.
        var sent = 0
        var accepted = 0
    }

    /// - Parameters:
    ///   - answer: to each question.
    ///   - times: how often it is repeated for the first one.
    init(_ answer: String, times: Int = 1) throws {
        var template = "/tmp/sluice-store-XXXXXX".utf8CString.map { $0 }
        try #require(unsafe mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = "\(folder)/store.sock"
        listening = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in unsafe bytes.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listening, $0, size) }
        }
        try #require(bound == 0 && listen(listening, 8) == 0)
        state.withLock { $0.answer = Array(answer.utf8) }
        var thread = pthread_t()
        let run = Run(self, times)
        let made = unsafe pthread_create(&thread, nil, { unsafe Unmanaged<Run>.fromOpaque($0!).takeRetainedValue().serve(); return nil }, Unmanaged.passRetained(run).toOpaque())
        try #require(made == 0)
        pthread_detach(thread)
    }

    /// Ends its thread, too.
    func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
        let open = state.withLock { $0.connection }
        if open >= 0 { shutdown(open, Int32(SHUT_RDWR)) }
        unsafe unlink(path)
        unsafe rmdir(folder)
    }

    var option: String { "store = unix://\(path)" }
    var sent: Int { state.withLock { $0.sent } }
    var accepted: Int { state.withLock { $0.accepted } }

    /// From now on answers are kept back, until `release`.
    func holdBack() { state.withLock { $0.holdsBack = true } }
    func release() {
        state.withLock { state in
            for _ in 0..<state.held { Self.send(state.answer, to: state.connection) }
            state.held = 0
        }
    }

    @discardableResult private static func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
        unsafe Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    private final class Run {
        let store: ScriptedStore
        let times: Int
        init(_ store: ScriptedStore, _ times: Int) {
            self.store = store
            self.times = times
        }

        func serve() {
            while true {
                let connection = accept(store.listening, nil, nil)
                guard connection >= 0 else { break }
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                store.state.withLock {
                    $0.connection = connection
                    $0.accepted += 1
                    $0.held = 0
                }
                talk(connection)
                store.state.withLock { $0.connection = -1 }
                shutdown(connection, Int32(SHUT_RDWR))
                close(connection)
            }
            close(store.listening)
        }

        private func talk(_ connection: Int32) {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            guard unsafe recv(connection, &bytes, bytes.count, 0) > 0, ScriptedStore.send(Array("+0123\r\n".utf8), to: connection) else { return }
            while true {
                let count = unsafe recv(connection, &bytes, bytes.count, 0)
                guard count > 0 else { return }
                let questions = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "EVALSHA").count - 1
                for _ in 0..<questions {
                    let answer = store.state.withLock { state in
                        if state.holdsBack { state.held += 1 }
                        return state.holdsBack ? nil : state.answer
                    }
                    guard let answer else { continue }
                    for _ in 0..<times {
                        guard ScriptedStore.send(answer, to: connection) else { return }
                        store.state.withLock { $0.sent += answer.count }
                    }
                }
            }
        }
    }
}

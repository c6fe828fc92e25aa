import FilterAPI
import Synchronization

/// Files that the test makes, and work that is done where it is asked for.
final class TestSystem: FilterSystem {
    private struct Watched {
        let paths: [String]
        let limit: Int?
        let changed: @Sendable ([FileContent]) -> Void

        func contents(in files: [String: FileContent]) -> [FileContent] { paths.map { content($0, limit, in: files) } }
    }

    private struct State {
        var files: [String: FileContent]
        var watched: [Watched] = []
        var complaints: [String] = []
        var isWorkRefused = false
        var workCount = 0
    }

    private let state: Mutex<State>

    init(_ files: [String: FileContent]) { state = Mutex(State(files: files)) }

    var files: [String: FileContent] {
        get { state.withLock { $0.files } }
        set {
            let (watched, old) = state.withLock { state in
                let old = state.files
                state.files = newValue
                return (state.watched, old)
            }
            for file in watched {
                let contents = file.contents(in: newValue)
                if contents != file.contents(in: old) { file.changed(contents) }
            }
        }
    }

    var complaints: [String] { state.withLock { $0.complaints } }
    var workCount: Int { state.withLock { $0.workCount } }

    var isWorkRefused: Bool {
        get { state.withLock { $0.isWorkRefused } }
        set { state.withLock { $0.isWorkRefused = newValue } }
    }

    private static func content(_ path: String, _ limit: Int?, in files: [String: FileContent]) -> FileContent {
        switch (files[path] ?? .missing, limit) {
        case (.bytes(let bytes), let limit?) where bytes.count > limit: .unreadable("it is larger than \(limit) bytes")
        case (.bytes, nil): .bytes([])
        case (let content, _): content
        }
    }

    func watch(_ paths: [String], upTo limit: Int?, _ changed: @escaping @Sendable ([FileContent]) -> Void) -> [FileContent] {
        state.withLock { state in
            let file = Watched(paths: paths, limit: limit, changed: changed)
            state.watched.append(file)
            return file.contents(in: state.files)
        }
    }

    func submit(_ work: @escaping @Sendable () -> Void) -> UInt64? {
        let isTaken = state.withLock { state in
            if !state.isWorkRefused { state.workCount += 1 }
            return !state.isWorkRefused
        }
        guard isTaken else { return nil }
        work()
        return 0
    }

    func cancel(_ work: UInt64) -> Bool { false }
    func complain(_ line: String) { state.withLock { $0.complaints.append(line) } }
}

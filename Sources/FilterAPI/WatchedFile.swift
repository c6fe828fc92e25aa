import Synchronization

/// What is found at a path.
public enum FileContent: Sendable, Equatable {
    case bytes([UInt8])
    /// There is nothing of this name.
    case missing
    /// It cannot be read: no permission, too large, a folder. In words, why.
    case unreadable(String)

    public static func text(_ text: some StringProtocol) -> FileContent { .bytes(Array(text.utf8)) }
}

/// A file that a filter reads, or several, on one loop: its value is as current as a look once a second makes it. Made by
/// `LoopContext.watchFile` and `watchFiles`.
/// Reading it costs nothing; the file itself is read elsewhere.
public final class WatchedFile<Value: Sendable> {
    /// What the file says. It changes between two calls of a filter, never within one.
    public fileprivate(set) var value: Value
    /// Goes up when `value` changes.
    public private(set) var version = 0
    // Kept: the file is watched as long as somebody has it.
    private let source: SharedFile<Value>

    init(_ value: Value, of source: SharedFile<Value>) {
        self.value = value
        self.source = source
    }

    fileprivate func become(_ value: Value) {
        self.value = value
        version += 1
    }
}

/// Files of one section that make one value, for all loops: read and understood once, then handed to each.
final class SharedFile<Value: Sendable>: Sendable {
    typealias Reading = @Sendable ([FileContent]) throws(ConfigurationError) -> Value

    private struct State {
        var value: Value?
        var loops: [LoopReference<Value>] = []
    }

    private let paths: [String]
    private let section: String
    private let limit: Int?
    private let system: any FilterSystem
    private let read: Reading
    private let state = Mutex(State())

    init(_ paths: [String], section: String, upTo limit: Int?, _ system: any FilterSystem, _ read: @escaping Reading) {
        self.paths = paths
        self.section = section
        self.limit = limit
        self.system = system
        self.read = read
    }

    /// The file on one loop. Filters are made one loop after the other.
    func watched(on loop: LoopSystem) throws(ConfigurationError) -> WatchedFile<Value> {
        let known = state.withLock { $0.value }
        let value: Value
        if let known {
            value = known
        } else {
            let contents = system.watch(paths, upTo: limit) { [weak self] contents in self?.changed(to: contents) }
            value = try read(contents)
        }
        let file = WatchedFile(value, of: self)
        let reference = LoopReference(file, loop.post)
        let changed: Value? = state.withLock { state in
            state.loops.append(reference)
            // It may have changed since it was read.
            if state.value != nil { return state.value }
            state.value = value
            return nil
        }
        if let changed { file.value = changed }
        return file
    }

    /// On a thread that may wait.
    private func changed(to contents: [FileContent]) {
        let value: Value
        do throws(ConfigurationError) {
            value = try read(contents)
        } catch {
            let what = paths.count == 1 ? "what \(paths[0]) said" : "what was read"
            system.complain("sluice: [filter:\(section)]: \(error.message); \(what) before still holds" + (error.help.map { ". \($0)" } ?? ""))
            return
        }
        let loops = state.withLock { state in
            state.value = value
            state.loops.removeAll { $0.isGone }
            return state.loops
        }
        for loop in loops { loop.post { loop.become(value) } }
    }
}

/// Lets another thread name what belongs to a loop.
private final class LoopReference<Value: Sendable>: @unchecked Sendable {
    // @unchecked: `file` is used on its loop only, but for whether it is still there.
    private weak var file: WatchedFile<Value>?
    let post: (@escaping @Sendable () -> Void) -> Void

    init(_ file: WatchedFile<Value>, _ post: @escaping (@escaping @Sendable () -> Void) -> Void) {
        self.file = file
        self.post = post
    }

    var isGone: Bool { file == nil }
    func become(_ value: Value) { file?.become(value) }
}

extension LoopContext {
    /// A small file of the operator: read now, and again whenever it changes, appears or goes away, which is looked for once a second and
    /// not on a loop. Only while the filter is made. A file may be replaced by another (`rename`), or by way of a symbolic link.
    ///
    /// - Parameters:
    ///   - limit: bytes that it may have; a larger one is `.unreadable`.
    ///   - read: makes the value that the filter needs, on any thread. When it throws at the beginning, so does this: the gateway does not
    ///     start. When it throws later, the value stays as it is, and the operator reads its message on standard error.
    public func watchFile<Value: Sendable>(
        _ path: String, upTo limit: Int = 1 << 20, read: @escaping @Sendable (FileContent) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> WatchedFile<Value> {
        try sharedFile([path], limit) { (contents) throws(ConfigurationError) in try read(contents[0]) }
    }

    /// Several files that make one value, such as a certificate and its key: as `watchFile`, but `read` gets what is found at each path, and is
    /// called once where several of them have changed between two looks.
    public func watchFiles<Value: Sendable>(
        _ paths: [String], upTo limit: Int = 1 << 20, read: @escaping @Sendable ([FileContent]) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> WatchedFile<Value> {
        try sharedFile(paths, limit, read)
    }

    /// Whether something of this name is there, whatever it is: for files that switch something. Only while the filter is made. Errors: it
    /// cannot be known, as the folder may not be looked into.
    ///
    /// - Parameter option: the option that names the file, for the error.
    public func watchPresence(of path: String, option: String? = nil) throws(ConfigurationError) -> WatchedFile<Bool> {
        try sharedFile([path], nil) { contents throws(ConfigurationError) in
            switch contents[0] {
            case .bytes: return true
            case .missing: return false
            case .unreadable(let why): throw ConfigurationError("`\(path)` cannot be looked at: \(why)", option: option)
            }
        }
    }

    private func sharedFile<Value: Sendable>(
        _ paths: [String], _ limit: Int?, _ read: @escaping @Sendable ([FileContent]) throws(ConfigurationError) -> Value
    ) throws(ConfigurationError) -> WatchedFile<Value> {
        let section = section
        let shared = system.files.object("\(section) \(limit ?? -1) \(paths.joined(separator: "\0"))") { [system] in
            SharedFile(paths, section: section, upTo: limit, system.system, read)
        }
        return try shared.watched(on: system)
    }
}

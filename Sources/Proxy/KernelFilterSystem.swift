import EventLoops
import FilterAPI

/// Files and side threads for filters, from the kernel. Neither thread is started before a filter wants one.
final class KernelFilterSystem: FilterSystem {
    private let files = FileWatcher()
    private let threads: SideThreads
    private let complaint: @Sendable (String) -> Void

    init(sideThreads: Int = SideThreads.usualThreads, complain: @escaping @Sendable (String) -> Void) {
        threads = SideThreads(maxThreads: sideThreads)
        complaint = complain
    }

    deinit {
        files.stop()
        threads.stop()
    }

    func watch(_ paths: [String], upTo limit: Int?, _ changed: @escaping @Sendable ([FileContent]) -> Void) -> [FileContent] {
        files.watch(paths, upTo: limit) { changed($0.map(FileContent.init)) }.map(FileContent.init)
    }

    func submit(_ work: @escaping @Sendable () -> Void) -> UInt64? { threads.submit(work)?.number }
    func cancel(_ work: UInt64) -> Bool { threads.cancel(SideThreads.Ticket(number: work)) }
    func complain(_ line: String) { complaint(line) }
}

extension FileContent {
    fileprivate init(_ content: FileWatcher.Content) {
        switch content {
        case .bytes(let bytes): self = .bytes(bytes)
        case .missing: self = .missing
        case .unreadable(let why): self = .unreadable(why)
        }
    }
}

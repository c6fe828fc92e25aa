import EventLoops
import Foundation
import Synchronization
import Testing

@Suite struct LogWriterTests {
    /// What a writer reported, and a way to wait for it.
    final class Reports: Sendable {
        private let events = Mutex<[String]>([])
        var all: [String] { events.withLock { $0 } }
        func add(_ event: LogWriterEvent) { events.withLock { $0.append("\(event)") } }
    }

    private static func lines(_ range: Range<Int>) -> [UInt8] {
        range.flatMap { Array("line \($0)\n".utf8) }
    }

    private static func submit(_ range: Range<Int>, to writer: LogWriter) -> Bool {
        writer.submit(lines(range).span, lineCount: range.count)
    }

    private static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    private static func temporaryFile() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("sluice-log-\(UUID().uuidString)").path
    }

    private static func content(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// Waits until the condition holds; fails after ten seconds.
    private static func wait(_ what: Comment, until condition: () -> Bool) {
        for _ in 0..<5000 {
            if condition() { return }
            usleep(2000)
        }
        Issue.record(what)
    }

    @Test func writesToAFileInOrderAndFlushesAtStop() throws {
        let path = Self.temporaryFile()
        defer { Self.remove(path) }
        let writer = try LogWriter(.file(path: path)) { _ in }
        for index in 0..<50 { #expect(Self.submit(index * 10..<index * 10 + 10, to: writer)) }
        #expect(writer.stop(timeoutMilliseconds: 10_000))
        #expect(Self.content(path) == String(decoding: Self.lines(0..<500), as: UTF8.self))
        #expect(!Self.submit(0..<1, to: writer))
        #expect(writer.stop(timeoutMilliseconds: 10_000))
    }

    @Test func appendsToWhatIsThere() throws {
        let path = Self.temporaryFile()
        defer { Self.remove(path) }
        try Data("before\n".utf8).write(to: URL(fileURLWithPath: path))
        let writer = try LogWriter(.file(path: path)) { _ in }
        writer.submit(Self.lines(1..<2).span, lineCount: 1)
        #expect(writer.stop(timeoutMilliseconds: 10_000))
        #expect(Self.content(path) == "before\nline 1\n")
    }

    @Test func reopensBehindWhatWasSubmitted() throws {
        let path = Self.temporaryFile()
        let rotated = path + ".1"
        defer { Self.remove(path); Self.remove(rotated) }
        let writer = try LogWriter(.file(path: path)) { _ in }
        writer.submit(Self.lines(0..<2).span, lineCount: 2)
        Self.wait("the first lines are written") { Self.content(path) == "line 0\nline 1\n" }
        try FileManager.default.moveItem(atPath: path, toPath: rotated)
        writer.submit(Self.lines(2..<3).span, lineCount: 1)
        writer.reopen()
        Self.wait("the file is there again") { FileManager.default.fileExists(atPath: path) }
        writer.submit(Self.lines(3..<4).span, lineCount: 1)
        #expect(writer.stop(timeoutMilliseconds: 10_000))
        #expect(Self.content(rotated) == "line 0\nline 1\nline 2\n")
        #expect(Self.content(path) == "line 3\n")
    }

    @Test func aFileThatCannotBeReopenedIsWrittenOn() throws {
        let folder = Self.temporaryFile()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let path = folder + "/log"
        let moved = Self.temporaryFile()
        defer { Self.remove(moved) }
        let reports = Reports()
        let writer = try LogWriter(.file(path: path)) { reports.add($0) }
        try FileManager.default.moveItem(atPath: path, toPath: moved)
        try FileManager.default.removeItem(atPath: folder)
        writer.reopen()
        Self.wait("the failure is reported") { !reports.all.isEmpty }
        writer.submit(Self.lines(0..<1).span, lineCount: 1)
        #expect(writer.stop(timeoutMilliseconds: 10_000))
        #expect(Self.content(moved) == "line 0\n")
        #expect(reports.all == ["cannot reopen the log: open: No such file or directory; writing on to the old file"])
    }

    @Test func aPathThatCannotBeOpenedIsAnError() {
        #expect(throws: SystemError.self) {
            _ = try LogWriter(.file(path: "/nonexistent/folder/log")) { _ in }
        }
    }

    /// Nobody reads the pipe: submitting goes on at once and drops, and when somebody reads, whole lines come out and the count of
    /// the others is told.
    @Test(arguments: [false, true]) func aFullPipeDropsAndCounts(_ nonBlocking: Bool) throws {
        let pipe = Pipe()
        let out = pipe.fileHandleForWriting.fileDescriptor
        if nonBlocking { #expect(fcntl(out, F_SETFL, O_NONBLOCK) == 0) }
        let reports = Reports()
        let writer = try LogWriter(.descriptor(out), blockCount: 4, blockBytes: 4096) { reports.add($0) }
        let block = Self.lines(1000..<1300)
        var accepted = 0
        var dropped = 0
        // 64 KiB fit into the pipe and 16 KiB into the queue: 100 blocks of 3 KB cannot.
        for _ in 0..<200 {
            if writer.submit(block.span, lineCount: 300) { accepted += 1 } else { dropped += 1 }
            if dropped == 0 { usleep(500) }
        }
        #expect(accepted >= 4)
        #expect(dropped > 100)
        var received: [UInt8] = []
        let expected = accepted * block.count
        while received.count < expected {
            received += pipe.fileHandleForReading.availableData
        }
        #expect(received == (0..<accepted).flatMap { _ in block })
        #expect(writer.stop(timeoutMilliseconds: 10_000))
        #expect(reports.all == ["\(dropped * 300) log lines were dropped"])
    }

    @Test func stoppingDoesNotWaitForEver() throws {
        let pipe = Pipe()
        let writer = try LogWriter(.descriptor(pipe.fileHandleForWriting.fileDescriptor), blockCount: 64, blockBytes: 4096) { _ in }
        let block = Self.lines(1000..<1300)
        while writer.submit(block.span, lineCount: 300) {}
        #expect(!writer.stop(timeoutMilliseconds: 30))
        // Let its thread end.
        var rest = 0
        while rest < 64 * block.count { rest += pipe.fileHandleForReading.availableData.count }
        #expect(writer.stop(timeoutMilliseconds: 10_000))
    }

    @Test func aBrokenPipeIsReportedAndKillsNobody() throws {
        // Not a pipe: a child that another test starts just now would have a copy of the end that is closed.
        var ends: [Int32] = [-1, -1]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        let reports = Reports()
        let writer = try LogWriter(.descriptor(ends[0])) { reports.add($0) }
        shutdown(ends[1], Int32(SHUT_RDWR))
        writer.submit(Self.lines(0..<5).span, lineCount: 5)
        writer.submit(Self.lines(0..<5).span, lineCount: 5)
        #expect(writer.stop(timeoutMilliseconds: 10_000))
        #expect(reports.all == ["cannot write the log: write: Broken pipe; lines are dropped", "10 log lines were dropped"])
    }

    @Test func aFullDiskIsReportedOnce() throws {
        let reports = Reports()
        let writer = try LogWriter(.file(path: "/dev/full")) { reports.add($0) }
        for _ in 0..<20 { writer.submit(Self.lines(0..<1).span, lineCount: 1) }
        #expect(writer.stop(timeoutMilliseconds: 10_000))
        #expect(reports.all == ["cannot write the log: write: No space left on device; lines are dropped", "20 log lines were dropped"])
    }

    /// Several loops at once: every line comes out whole, those of one loop in order, and none is lost without being counted.
    @Test func severalLoopsAtOnce() throws {
        let path = Self.temporaryFile()
        defer { Self.remove(path) }
        let writer = try LogWriter(.file(path: path), blockCount: 8, blockBytes: 4096) { _ in }
        let accepted = Mutex<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { loop in
            for turn in 0..<400 {
                let lines = (0..<20).flatMap { Array("\(loop) \(turn) \($0) xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n".utf8) }
                if writer.submit(lines.span, lineCount: 20) { accepted.withLock { $0 += 20 } }
            }
        }
        #expect(writer.stop(timeoutMilliseconds: 10_000))
        let lines = Self.content(path).split(separator: "\n")
        #expect(lines.count == accepted.withLock { $0 })
        var last = [0: (-1, 19), 1: (-1, 19), 2: (-1, 19), 3: (-1, 19)]
        for line in lines {
            let parts = line.split(separator: " ").prefix(3).compactMap { Int($0) }
            try #require(parts.count == 3 && line.hasSuffix(" xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))
            let (turn, number) = last[parts[0]]!
            #expect(parts[1] == turn ? parts[2] == number + 1 : parts[1] > turn && parts[2] == 0 && number == 19)
            last[parts[0]] = (parts[1], parts[2])
        }
    }
}

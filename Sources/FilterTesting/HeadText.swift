// unsafe: an executor takes jobs unowned
import FilterAPI

/// Heads as tests write them.
enum HeadText {
    /// With CRLF at line ends, and the empty line that ends it.
    static func wire(_ head: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var last: UInt8 = 0
        for byte in head.utf8 {
            if byte == UInt8(ascii: "\n") && last != UInt8(ascii: "\r") { bytes.append(UInt8(ascii: "\r")) }
            bytes.append(byte)
            last = byte
        }
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) { bytes += Array("\r\n".utf8) }
        return bytes
    }

    /// As an array.
    static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }
}

/// Runs the tasks of questions wherever Swift runs tasks.
final class TestExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let executor = unsafe asUnownedTaskExecutor()
        Task.detached { unsafe unowned.runSynchronously(on: executor) }
    }
}

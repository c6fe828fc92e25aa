import CPlatform
import EventLoops
import Glibc

/// A kernel pipe through which a large body goes from one connection to the other without being copied into this process.
@safe
public struct SplicePipe: ~Copyable {
    private let readEnd: Int32
    private let writeEnd: Int32
    /// Bytes in the pipe.
    public private(set) var count = 0
    /// Bytes the pipe is asked to hold: the most that an unprivileged process may ask for by default.
    public static let capacity = 1 << 20

    /// Nil when the process has no descriptors left: then bodies are copied.
    public init?() {
        var ends: (Int32, Int32) = (-1, -1)
        let result = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe sluice_pipe($0, Int32(Self.capacity)) }
        }
        guard result == 0 else { return nil }
        readEnd = ends.0
        writeEnd = ends.1
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Moves at most `limit` bytes from `source` into the pipe.
    public mutating func fill(from source: inout ByteStream, limit: Int) -> ReceiveOutcome {
        while true {
            let moved = sluice_splice(source.descriptor, writeEnd, limit, 0)
            if moved > 0 {
                count &+= moved
                return .bytes(moved)
            }
            if moved == 0 {
                source.canReceive = false
                source.peerEnded = true
                return .end
            }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN {
                // A full pipe says EAGAIN as well: then the source is not empty.
                if count == 0 { source.canReceive = false }
                return .wouldBlock
            }
            source.canReceive = false
            return .failed(code)
        }
    }

    /// Moves what is in the pipe to `sink`. `more`: further bytes follow.
    public mutating func drain(into sink: inout ByteStream, more: Bool) -> SendOutcome {
        while count > 0 {
            let moved = sluice_splice(readEnd, sink.descriptor, count, more ? 1 : 0)
            if moved > 0 {
                count &-= moved
                continue
            }
            let code = errno
            if moved < 0 && code == EINTR { continue }
            sink.canSend = false
            if moved < 0 && code != EAGAIN { return .failed(code) }
            return .wouldBlock
        }
        return .done
    }
}

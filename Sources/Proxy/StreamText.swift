import Buffers
import HTTP2
import HTTPMessage
import Transport

// Moving bytes between the buffers of streams, and what is to be found in heads that the gateway has written itself.

extension OutputBuffer {
    /// Appends as many bytes as fit, and says how many.
    mutating func take(_ bytes: Span<UInt8>) -> Int {
        let count = min(room, bytes.count)
        append(bytes.extracting(first: count))
        return count
    }

    /// Moves the first `count` bytes that wait to `other`, where they fit.
    mutating func move(_ count: Int, to other: inout OutputBuffer) {
        other.append(readable.extracting(first: count))
        consume(count)
    }
}

extension ReceiveBuffer {
    /// Copies the first `count` bytes that wait in `source` behind what is there, where they fit.
    mutating func append(_ source: borrowing OutputBuffer, _ count: Int) {
        let isWritten = slab.write(source.readable.extracting(first: count), at: end)
        precondition(isWritten, "a buffer of fewer bytes than it said")
        end &+= count
    }
}

extension HeadList {
    /// Adds lines of HTTP/1.
    mutating func add(linesOf text: borrowing OutputBuffer) { add(lines: text.readable) }
}

extension Span<UInt8> {
    /// Offset behind the empty line that ends a head; 0 if there is none.
    var endOfHead: Int {
        var at = 0
        while let lineFeed = firstLineFeed(from: at, to: count) {
            if lineFeed == at &+ 1 && at > 0 { return lineFeed &+ 1 }
            at = lineFeed &+ 1
        }
        return 0
    }
}

import Buffers
import HTTPMessage

/// How far an incomplete head or trailer section was read, so that reading goes on there when more bytes have come. Offsets are those
/// of the caller's bytes.
struct ResumableHead {
    /// Offset of the first line that was not read as a whole.
    var position = 0
    /// How far that line was looked through for its end.
    var scanned = 0
    /// The start line was read.
    var lineIsRead = false
    /// What the field lines so far say.
    var section = FieldSection()
    private(set) var start = 0
    private var isIncomplete = false
    private var fieldCount = 0

    /// Goes on with the incomplete head at `start`, and returns false. If there is none, or the table or the bytes are others than they
    /// were: begins one with an empty table, and returns true.
    @inline(__always)
    mutating func begins(at start: Int, in bytes: Span<UInt8>, _ fields: inout FieldTable) -> Bool {
        if isIncomplete && self.start == start && fieldCount == fields.count && position <= bytes.count { return false }
        self.start = start
        position = start
        scanned = start
        lineIsRead = false
        section = FieldSection()
        fields.removeAll()
        return true
    }

    /// More bytes are to come.
    @inline(__always)
    mutating func pause(_ fields: borrowing FieldTable) {
        isIncomplete = true
        fieldCount = fields.count
    }

    /// The next head begins anew.
    @inline(__always)
    mutating func end() { isIncomplete = false }

    /// Ends the head, or waits for more of it. Nil if it is still not whole with all the bytes that it may have.
    @inline(__always)
    mutating func settle(_ outcome: ParseOutcome, isFull: Bool, _ fields: borrowing FieldTable) -> ParseOutcome? {
        guard case .incomplete = outcome else {
            end()
            return outcome
        }
        if isFull {
            end()
            return nil
        }
        pause(fields)
        return outcome
    }

    /// True if the line at `position` was looked through before and still does not end: there is nothing new to read.
    @inline(__always)
    mutating func stillLacksLineEnd(_ bytes: Span<UInt8>) -> Bool {
        guard scanned > position, bytes.firstLineFeed(from: scanned, to: bytes.count) == nil else { return false }
        scanned = bytes.count
        return true
    }

    /// Reads field lines up to the empty line; at most `limit` of them in all.
    @inline(__always)
    mutating func readFields(_ bytes: Span<UInt8>, limit: Int, into fields: inout FieldTable) -> LineStep {
        section.read(bytes, from: &position, scanned: &scanned, limit: limit, into: &fields)
    }
}

/// One file of a configuration, or one argument of the command line, with its text.
struct SourceFile: Sendable {
    /// As diagnostics show it.
    let name: String
    let bytes: [UInt8]
    /// The offset of the first byte of each line.
    let lineStarts: [Int32]

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        var starts: [Int32] = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(Int32(offset + 1))
        }
        lineStarts = starts
    }

    /// The largest file that is read: offsets are 32-bit, and a configuration of this size is a mistake.
    static let sizeLimit = 16 << 20

    /// The index of the line that holds the byte at `offset`, counted from 0.
    func line(at offset: Int32) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    /// The bytes of a line, without its line end.
    func range(ofLine line: Int) -> Range<Int> {
        let start = Int(lineStarts[line])
        var end = line + 1 < lineStarts.count ? Int(lineStarts[line + 1]) - 1 : bytes.count
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return start..<end
    }
}

/// A stretch of bytes in one source.
struct SourceRange: Sendable, Hashable {
    /// An index into the sources of the report.
    var file: Int32
    var start: Int32
    var end: Int32

    init(file: Int, _ range: Range<Int>) {
        self.file = Int32(file)
        start = Int32(range.lowerBound)
        end = Int32(range.upperBound)
    }

    /// A part of this range, given by offsets from its start.
    func part(_ range: Range<Int>) -> SourceRange {
        var part = self
        part.start = min(end, start + Int32(range.lowerBound))
        part.end = min(end, start + Int32(range.upperBound))
        return part
    }

    /// From the start of this range to the end of another in the same source.
    func extended(to other: SourceRange) -> SourceRange {
        guard other.file == file, other.end > end else { return self }
        var whole = self
        whole.end = other.end
        return whole
    }
}

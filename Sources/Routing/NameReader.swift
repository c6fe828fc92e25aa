import Buffers

/// Reads the name of one segment of an accepted path as an app does: escapes decoded once, up to the first semicolon, raw or
/// escaped. Apps that know parameters (`/admin;v=1`) take them off before they look at the name.
struct NameReader {
    private var index: Int
    private let end: Int

    init(start: Int, end: Int) {
        index = start
        self.end = end
    }

    /// True when the whole segment was read, so that it has no parameters.
    var hasEnded: Bool { index >= end }

    /// The next byte of the name, or nil at its end.
    @inline(__always)
    mutating func next(_ path: Span<UInt8>) -> UInt8? {
        guard index < end else { return nil }
        var byte = path[index]
        var length = 1
        if let value = path.escapedByte(at: index, to: path.count) {
            byte = value
            length = 3
        }
        guard byte != UInt8(ascii: ";") else { return nil }
        index += length
        return byte
    }
}

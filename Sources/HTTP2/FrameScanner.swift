/// The header of a frame (RFC 9113 §4.1).
struct FrameHeader: Equatable {
    var length = 0
    var type: UInt8 = 0
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    /// The stream that a PRIORITY frame names; that of another frame is 0.
    var dependency: UInt32 = 0

    static var endStream: UInt8 { 1 }
    static var endHeaders: UInt8 { 4 }
    static var acknowledgement: UInt8 { 1 }
}

/// The types of frames (RFC 9113 §6, RFC 9218 §7.1).
enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let resetStream: UInt8 = 3
    static let settings: UInt8 = 4
    static let pushPromise: UInt8 = 5
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
    static let priorityUpdate: UInt8 = 16
}

/// Finds the headers of frames in the bytes of a peer before nghttp2 sees them: what a frame costs is counted before it costs anything,
/// and frames that nghttp2 ignores in silence count too. The bytes may be cut anywhere.
struct FrameScanner {
    /// Bytes that are no header and are still to come: the rest of a frame, or of the client's preface.
    private var rest: Int
    private var word: UInt64 = 0
    private var last: UInt64 = 0
    /// Bytes of a header that is not complete.
    private(set) var count = 0
    /// The bytes of the last header, or of the one that is not complete.
    private(set) var header = InlineArray<13, UInt8>(repeating: 0)

    /// The bytes so far end within a frame, or within the header of one.
    var isWithinFrame: Bool { rest > 0 || count > 0 }

    /// - Parameter preface: bytes in front of the first frame.
    init(preface: Int) { rest = preface }

    /// The next header that ends at or behind `at`, which moves behind it; nil, with `at` at the end, if the bytes end before. `start` is
    /// where its bytes begin, or 0 if they began before these bytes.
    mutating func next(_ bytes: Span<UInt8>, from at: inout Int, start: inout Int) -> FrameHeader? {
        let skipped = min(rest, bytes.count &- at)
        rest &-= skipped
        at &+= skipped
        if count == 0 { start = at }
        while at < bytes.count {
            let byte = UInt64(bytes[at])
            header[count] = bytes[at]
            at &+= 1
            if count < 8 { word = word &<< 8 | byte } else { last = last &<< 8 | byte }
            count &+= 1
            guard count >= 9 else { continue }
            var found = FrameHeader(
                length: Int(word &>> 40), type: UInt8(truncatingIfNeeded: word &>> 32), flags: UInt8(truncatingIfNeeded: word &>> 24))
            let isPriority = found.type == FrameType.priority && found.length == 5
            if isPriority && count < 13 { continue }
            let low = isPriority ? last &>> 32 : last
            found.stream = UInt32(truncatingIfNeeded: (word & 0xFF_FFFF) &<< 8 | low & 0xFF) & 0x7FFF_FFFF
            if isPriority { found.dependency = UInt32(truncatingIfNeeded: last) & 0x7FFF_FFFF }
            rest = found.length &- (count &- 9)
            word = 0
            last = 0
            count = 0
            return found
        }
        return nil
    }
}

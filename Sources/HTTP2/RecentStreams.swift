/// Which of the last 1,024 streams that a client may open were opened, and in which the peer has said its last. nghttp2 forgets a stream when it
/// closes; a frame that comes behind the end of its stream, or opens one below the last, must still end the connection (RFC 9113 §5.1, §5.1.1).
struct RecentStreams {
    private static let count = 1024

    private var opened = InlineArray<16, UInt64>(repeating: 0)
    private var ended = InlineArray<16, UInt64>(repeating: 0)
    /// Half of the highest number seen; -1 before the first.
    private var highest = -1

    /// A HEADERS frame of stream `number`. False: the stream was passed over, and can be opened no more. O(numbers passed over), at most 1,024.
    mutating func open(_ number: UInt32) -> Bool {
        let index = Int(number >> 1)
        guard number & 1 == 1, index > highest else { return !isRecent(index) || number & 1 == 0 || isSet(opened, index) }
        advance(to: index)
        set(&opened, index)
        return true
    }

    /// The peer has said its last in stream `number`.
    mutating func end(_ number: UInt32) {
        let index = Int(number >> 1)
        guard number & 1 == 1 else { return }
        // Of a client's streams `open` has advanced already.
        if index <= highest && isRecent(index) { set(&ended, index) }
    }

    func hasEnded(_ number: UInt32) -> Bool {
        let index = Int(number >> 1)
        return number & 1 == 1 && isRecent(index) && isSet(ended, index)
    }

    private func isRecent(_ index: Int) -> Bool { index <= highest && index > highest &- Self.count }

    private mutating func advance(to index: Int) {
        if index &- highest >= Self.count {
            opened = InlineArray(repeating: 0)
            ended = InlineArray(repeating: 0)
        } else {
            for passed in (highest + 1)...index {
                clear(&opened, passed)
                clear(&ended, passed)
            }
        }
        highest = index
    }

    private func isSet(_ bits: InlineArray<16, UInt64>, _ index: Int) -> Bool { bits[index >> 6 & 15] >> UInt64(index & 63) & 1 != 0 }
    private func set(_ bits: inout InlineArray<16, UInt64>, _ index: Int) { bits[index >> 6 & 15] |= 1 << UInt64(index & 63) }
    private func clear(_ bits: inout InlineArray<16, UInt64>, _ index: Int) { bits[index >> 6 & 15] &= ~(1 << UInt64(index & 63)) }
}

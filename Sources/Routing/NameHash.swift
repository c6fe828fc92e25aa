import Buffers

/// Hashes a name below a place in the table. Speed only: what is found is compared. No seed, since operators choose the names and a
/// request can only miss.
struct NameHash {
    private var state: UInt64

    @inline(__always)
    init(below parent: Int32) {
        state = UInt64(truncatingIfNeeded: parent) &* 0x9E37_79B9_7F4A_7C15
    }

    /// Takes up to eight bytes, first byte lowest, zeros behind them.
    @inline(__always)
    mutating func add(_ word: UInt64) {
        let product = (state ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        state = product.high ^ product.low
    }

    @inline(__always)
    func value(length: Int) -> UInt64 {
        var last = self
        last.add(UInt64(truncatingIfNeeded: length) ^ 0xA076_1D64_78BD_642F)
        return last.state
    }
}

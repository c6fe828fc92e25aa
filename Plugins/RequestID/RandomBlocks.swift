/// Random blocks of 16 bytes: ChaCha with 8 rounds (the block function of RFC 8439 §2.3), keyed by the system when it is made.
///
/// The first half of each block of 64 bytes becomes the next key, so that what was given out tells nothing of what was before and what
/// comes. No allocation and no system call once it is made.
struct RandomBlocks {
    private var low: SIMD4<UInt32>
    private var high: SIMD4<UInt32>
    /// The half of a block's second half that has not been given out.
    private var spare: SIMD4<UInt32>?

    /// - Parameter source: where the key comes from.
    init(from source: inout some RandomNumberGenerator) {
        low = .random(in: 0 ... .max, using: &source)
        high = .random(in: 0 ... .max, using: &source)
    }

    mutating func next() -> SIMD4<UInt32> {
        if let block = spare.take() { return block }
        let rows = Self.block(low, high, tail: .zero, rounds: 8)
        (low, high) = (rows.0, rows.1)
        spare = rows.3
        return rows.2
    }

    typealias Rows = (SIMD4<UInt32>, SIMD4<UInt32>, SIMD4<UInt32>, SIMD4<UInt32>)

    /// The block of a key, and of a counter and nonce in `tail`, as four rows of little-endian words.
    static func block(_ low: SIMD4<UInt32>, _ high: SIMD4<UInt32>, tail: SIMD4<UInt32>, rounds: Int) -> Rows {
        let constants = SIMD4<UInt32>(0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574)
        var a = constants
        var b = low
        var c = high
        var d = tail
        for _ in 0..<(rounds / 2) {
            quarters(&a, &b, &c, &d)
            // The same on the diagonals: rows are turned so that they stand in columns.
            b = SIMD4(b.y, b.z, b.w, b.x)
            c = SIMD4(c.z, c.w, c.x, c.y)
            d = SIMD4(d.w, d.x, d.y, d.z)
            quarters(&a, &b, &c, &d)
            b = SIMD4(b.w, b.x, b.y, b.z)
            c = SIMD4(c.z, c.w, c.x, c.y)
            d = SIMD4(d.y, d.z, d.w, d.x)
        }
        return (a &+ constants, b &+ low, c &+ high, d &+ tail)
    }

    /// Four quarter rounds at once (RFC 8439 §2.1).
    @inline(__always)
    private static func quarters(_ a: inout SIMD4<UInt32>, _ b: inout SIMD4<UInt32>, _ c: inout SIMD4<UInt32>, _ d: inout SIMD4<UInt32>) {
        a = a &+ b
        d = turned(d ^ a, by: 16)
        c = c &+ d
        b = turned(b ^ c, by: 12)
        a = a &+ b
        d = turned(d ^ a, by: 8)
        c = c &+ d
        b = turned(b ^ c, by: 7)
    }

    @inline(__always)
    private static func turned(_ row: SIMD4<UInt32>, by bits: UInt32) -> SIMD4<UInt32> {
        row &<< SIMD4(repeating: bits) | row &>> SIMD4(repeating: 32 &- bits)
    }
}

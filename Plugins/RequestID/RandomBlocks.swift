/// Random blocks of 16 bytes: ChaCha with 8 rounds (the block function of RFC 8439 §2.3), keyed by the system when it is made.
///
/// Fourteen are made at once, and what is made beside them becomes the next key; one that was given out is forgotten. So what was given
/// out tells nothing of what was before and what comes. No allocation and no system call once it is made.
struct RandomBlocks {
    /// The sixteen words of ChaCha's state.
    typealias State = InlineArray<16, UInt32>

    /// As a state, with a counter and nonce of 0.
    private var key = Self.constants
    /// Four blocks of ChaCha. What is not in use is 0.
    private var stock = InlineArray<64, UInt32>(repeating: 0)
    /// Random blocks of the stock that have not been given out: the first ones behind what became the key.
    private var left = 0

    /// - Parameter source: where the key comes from.
    init(from source: inout some RandomNumberGenerator) {
        for index in 4..<12 { key[index] = .random(in: 0 ... .max, using: &source) }
    }

    mutating func next() -> SIMD4<UInt32> {
        if left == 0 { refill() }
        let place = 4 &+ 4 &* left
        left &-= 1
        let block = SIMD4(stock[place], stock[place &+ 1], stock[place &+ 2], stock[place &+ 3])
        for index in place..<(place &+ 4) { stock[index] = 0 }
        return block
    }

    @inline(never)
    private mutating func refill() {
        var input = key
        for number in 0..<4 {
            input[12] = UInt32(truncatingIfNeeded: number)
            let words = Self.block(input, rounds: 8)
            for index in 0..<16 { stock[16 &* number &+ index] = words[index] }
        }
        for index in 0..<8 {
            key[4 &+ index] = stock[index]
            stock[index] = 0
        }
        left = 14
    }

    /// A state before its key, counter and nonce are in it.
    static var constants: State {
        var state = State(repeating: 0)
        state[0] = 0x6170_7865
        state[1] = 0x3320_646E
        state[2] = 0x7962_2D32
        state[3] = 0x6B20_6574
        return state
    }

    /// ChaCha's block of a state.
    static func block(_ input: State, rounds: Int) -> State {
        var (a0, a1, a2, a3) = (input[0], input[1], input[2], input[3])
        var (b0, b1, b2, b3) = (input[4], input[5], input[6], input[7])
        var (c0, c1, c2, c3) = (input[8], input[9], input[10], input[11])
        var (d0, d1, d2, d3) = (input[12], input[13], input[14], input[15])
        // Word by word: the compiler has no rotation of vectors for SSE2, and takes them apart and puts them together for each.
        for _ in 0..<(rounds / 2) {
            quarter(&a0, &b0, &c0, &d0)
            quarter(&a1, &b1, &c1, &d1)
            quarter(&a2, &b2, &c2, &d2)
            quarter(&a3, &b3, &c3, &d3)
            quarter(&a0, &b1, &c2, &d3)
            quarter(&a1, &b2, &c3, &d0)
            quarter(&a2, &b3, &c0, &d1)
            quarter(&a3, &b0, &c1, &d2)
        }
        return [
            a0 &+ input[0], a1 &+ input[1], a2 &+ input[2], a3 &+ input[3], b0 &+ input[4], b1 &+ input[5], b2 &+ input[6], b3 &+ input[7],
            c0 &+ input[8], c1 &+ input[9], c2 &+ input[10], c3 &+ input[11], d0 &+ input[12], d1 &+ input[13], d2 &+ input[14], d3 &+ input[15],
        ]
    }

    /// A quarter round (RFC 8439 §2.1).
    @inline(__always)
    private static func quarter(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32) {
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
    private static func turned(_ word: UInt32, by bits: UInt32) -> UInt32 { word &<< bits | word &>> (32 &- bits) }
}

import FilterAPI

/// Credentials that were right a short while ago, on one loop: not themselves, but a keyed hash of each. The key is made at the start and never
/// leaves the process.
struct KnownCredentials {
    struct Digest: Hashable {
        let low: UInt64
        let high: UInt64
    }

    private let hash: KeyedHash
    private let mostEntries: Int
    private var times: [Digest: Int64] = [:]
    /// The digests in the order in which they came, as a ring.
    private var order: [Digest] = []
    private var next = 0

    init(mostEntries: Int) {
        self.mostEntries = mostEntries
        var random = SystemRandomNumberGenerator()
        hash = KeyedHash(random.next(), random.next())
    }

    func digest(_ text: borrowing CredentialText) -> Digest {
        let (low, high) = hash.of(text.bytes)
        return Digest(low: low, high: high)
    }

    /// - Parameter time: nanoseconds for which an entry holds.
    func contains(_ digest: Digest, at now: Int64, for time: Int64) -> Bool {
        guard let begin = times[digest] else { return false }
        return now &- begin < time
    }

    mutating func insert(_ digest: Digest, at now: Int64) {
        let isNew = times.updateValue(now, forKey: digest) == nil
        guard isNew else { return }
        if order.count < mostEntries {
            order.append(digest)
        } else {
            times[order[next]] = nil
            order[next] = digest
            next = (next + 1) % mostEntries
        }
    }

    mutating func removeAll() {
        times.removeAll()
        order.removeAll()
        next = 0
    }
}

/// SipHash-2-4 with a result of 128 bits (Aumasson, Bernstein: SipHash, 2012): without the key nobody finds two inputs with one result.
struct KeyedHash {
    private let key: (UInt64, UInt64)

    init(_ low: UInt64, _ high: UInt64) { key = (low, high) }

    func of(_ bytes: Span<UInt8>) -> (UInt64, UInt64) {
        var state = State(key)
        var at = 0
        while at &+ 8 <= bytes.count {
            state.take(bytes.word(at: at))
            at &+= 8
        }
        state.take(bytes.paddedWord(at: at) | UInt64(truncatingIfNeeded: bytes.count) << 56)
        return state.result()
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        init(_ key: (UInt64, UInt64)) {
            v0 = key.0 ^ 0x736F_6D65_7073_6575
            v1 = key.1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE
            v2 = key.0 ^ 0x6C79_6765_6E65_7261
            v3 = key.1 ^ 0x7465_6462_7974_6573
        }

        mutating func take(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        mutating func result() -> (UInt64, UInt64) {
            v2 ^= 0xEE
            for _ in 0..<4 { round() }
            let low = v0 ^ v1 ^ v2 ^ v3
            v1 ^= 0xDD
            for _ in 0..<4 { round() }
            return (low, v0 ^ v1 ^ v2 ^ v3)
        }

        private mutating func round() {
            v0 &+= v1
            v1 = v1 << 13 | v1 >> 51
            v1 ^= v0
            v0 = v0 << 32 | v0 >> 32
            v2 &+= v3
            v3 = v3 << 16 | v3 >> 48
            v3 ^= v2
            v0 &+= v3
            v3 = v3 << 21 | v3 >> 43
            v3 ^= v0
            v2 &+= v1
            v1 = v1 << 17 | v1 >> 47
            v1 ^= v2
            v2 = v2 << 32 | v2 >> 32
        }
    }
}

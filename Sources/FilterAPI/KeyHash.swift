/// Takes the bytes of a key, piece by piece.
protocol KeyWriting {
    mutating func append(_ byte: UInt8)
    mutating func append(word: UInt64)
}

/// A keyed hash of a key's bytes, made without storing them: the standard library's hash function, SipHash with a seed of the process, and
/// a seed of the caller's on top. Clients that do not know the seed cannot choose keys that collide.
struct KeyHash: KeyWriting {
    private var hasher = Hasher()
    /// Bytes that do not fill a word yet.
    private var pending: UInt64 = 0
    private var pendingCount: UInt64 = 0

    init(seed: UInt64) { hasher.combine(seed) }

    mutating func append(_ byte: UInt8) {
        pending |= UInt64(byte) << (pendingCount &* 8)
        pendingCount &+= 1
        if pendingCount == 8 {
            hasher.combine(pending)
            pending = 0
            pendingCount = 0
        }
    }

    mutating func append(word: UInt64) {
        guard pendingCount > 0 else { return hasher.combine(word) }
        for place in 0..<8 { append(UInt8(truncatingIfNeeded: word >> UInt64(place &* 8))) }
    }

    consuming func finish() -> UInt64 {
        // With it the length is no multiple of 8, and without it is one.
        if pendingCount > 0 {
            hasher.combine(pending)
            hasher.combine(UInt8(truncatingIfNeeded: pendingCount))
        }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

/// The bytes themselves.
struct KeyBytes: KeyWriting {
    var bytes: [UInt8] = []
    mutating func append(_ byte: UInt8) { bytes.append(byte) }
    mutating func append(word: UInt64) {
        for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(place &* 8))) }
    }
}

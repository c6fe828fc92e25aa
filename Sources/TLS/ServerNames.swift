/// DNS names, exact ones and wildcards of one label, by hash. Speed only: what is found is compared, so no seed is needed. Operators choose the
/// names, and a client can only miss.
struct ServerNames: Sendable {
    private struct Slot {
        /// -1 where empty.
        var entry: Int32 = -1
        var start: UInt32 = 0
        var count: UInt16 = 0
        var isWildcard = false
        var hash: UInt32 = 0
    }

    // Open addressing, at least half empty.
    private var slots: [Slot]
    /// The names one after the other, in lower case; of a wildcard what follows the star and its dot.
    private var bytes: [UInt8] = []

    /// Addresses are left out: they are no server names (RFC 6066 §3).
    init(_ names: [(name: CertificateName, entry: Int32)]) {
        var size = 16
        while size < 2 * names.count + 2 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
        for (name, entry) in names {
            guard case .dns(let text) = name else { continue }
            let isWildcard = text.hasPrefix("*.")
            let name = Array(text.utf8.dropFirst(isWildcard ? 2 : 0))
            var hash = NameHash()
            for byte in name.reversed() { hash.add(byte) }
            let value = hash.value(isWildcard)
            var place = Int(value) & (size - 1)
            while slots[place].entry >= 0 { place = (place + 1) & (size - 1) }
            slots[place] = Slot(entry: entry, start: UInt32(bytes.count), count: UInt16(name.count), isWildcard: isWildcard, hash: value)
            bytes += name
        }
    }

    /// The entry of a name in a text: in any letter case, with or without a dot at its end.
    func find(_ text: Span<UInt8>, _ range: Range<Int>) -> Int32? {
        var end = range.upperBound
        if end > range.lowerBound, text[end &- 1] == UInt8(ascii: ".") { end &-= 1 }
        guard end > range.lowerBound, end &- range.lowerBound <= CertificateName.mostBytes else { return nil }
        // From the end, so that the domain above the first label is passed on the way.
        var hash = NameHash()
        var (domainStart, domainHash) = (end, hash)
        var index = end
        while index > range.lowerBound {
            index &-= 1
            let byte = Self.lowercase(text[index])
            if byte == UInt8(ascii: ".") { (domainStart, domainHash) = (index &+ 1, hash) }
            hash.add(byte)
        }
        if let entry = find(hash.value(false), text, range.lowerBound..<end, isWildcard: false) { return entry }
        // A star stands for one label, not for an empty one.
        guard domainStart < end, domainStart &- range.lowerBound >= 2 else { return nil }
        return find(domainHash.value(true), text, domainStart..<end, isWildcard: true)
    }

    private func find(_ hash: UInt32, _ text: Span<UInt8>, _ range: Range<Int>, isWildcard: Bool) -> Int32? {
        let slots = slots.span
        let mask = slots.count &- 1
        var place = Int(hash) & mask
        while slots[place].entry >= 0 {
            let slot = slots[place]
            if slot.hash == hash, slot.isWildcard == isWildcard, Int(slot.count) == range.count, matches(slot, text, range.lowerBound) { return slot.entry }
            place = (place &+ 1) & mask
        }
        return nil
    }

    private func matches(_ slot: Slot, _ text: Span<UInt8>, _ start: Int) -> Bool {
        let name = bytes.span.extracting(Int(slot.start)..<Int(slot.start) &+ Int(slot.count))
        var offset = 0
        while offset < name.count, name[offset] == Self.lowercase(text[start &+ offset]) { offset &+= 1 }
        return offset == name.count
    }

    @inline(__always)
    private static func lowercase(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}

/// FNV-1a over a name's bytes, last byte first.
private struct NameHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

    func value(_ isWildcard: Bool) -> UInt32 {
        let mixed = (state ^ (isWildcard ? 0x5A : 0)) &* 0x9E37_79B9_7F4A_7C15
        return UInt32(truncatingIfNeeded: mixed >> 32)
    }
}

import FilterAPI

/// Networks that lie in each other, flattened into stretches of addresses: the smallest network around an address is found in O(log n).
struct AddressTable {
    /// One family's stretches: where each begins, and which network is the smallest one there; -1 for none.
    private struct Family {
        var starts: [UInt128] = [0]
        var owners: [Int32] = [-1]

        /// Begins a stretch at `start`, in the place of one that begins there already.
        mutating func begin(_ start: UInt128, _ owner: Int32) {
            if starts[starts.count - 1] == start {
                owners[owners.count - 1] = owner
                return
            }
            if owners[owners.count - 1] == owner { return }
            starts.append(start)
            owners.append(owner)
        }

        func owner(of address: UInt128) -> Int32 {
            var low = 0
            var high = starts.count
            // The last stretch that begins at or before the address; the first one begins at 0.
            while high &- low > 1 {
                let middle = (low &+ high) / 2
                if starts[middle] <= address { low = middle } else { high = middle }
            }
            return owners[low]
        }
    }

    private var ipv4 = Family()
    private var ipv6 = Family()

    /// - Parameter networks: no two of them the same.
    init(_ networks: [CIDR]) {
        ipv4 = Self.flattened(networks, isIPv6: false)
        ipv6 = Self.flattened(networks, isIPv6: true)
    }

    private static func flattened(_ networks: [CIDR], isIPv6: Bool) -> Family {
        let bits = isIPv6 ? 128 : 32
        // A network comes before those inside it.
        let order = networks.indices.filter { networks[$0].isIPv6 == isIPv6 }.sorted {
            let (one, other) = (number(networks[$0].address), number(networks[$1].address))
            return one == other ? networks[$0].prefixLength < networks[$1].prefixLength : one < other
        }
        var family = Family()
        /// Networks around the place that has been reached, the outermost first, each with its last address.
        var open: [(owner: Int32, last: UInt128)] = []
        func close(before start: UInt128?) {
            while let inner = open.last, start.map({ inner.last < $0 }) ?? true {
                open.removeLast()
                let isEnd = inner.last == UInt128.max >> UInt128(128 - bits)
                if !isEnd { family.begin(inner.last + 1, open.last?.owner ?? -1) }
            }
        }
        for index in order {
            let first = number(networks[index].address)
            close(before: first)
            let hostBits = bits - networks[index].prefixLength
            let size = hostBits == 0 ? 0 : UInt128.max >> UInt128(128 - hostBits)
            family.begin(first, Int32(index))
            open.append((Int32(index), first + size))
        }
        close(before: nil)
        return family
    }

    private static func number(_ address: IPAddress) -> UInt128 {
        address.isIPv6 ? UInt128(address.high) << 64 | UInt128(address.low) : UInt128(address.high >> 32)
    }

    /// Which network is the smallest one that the address is in; nil if it is in none. An IPv4-mapped address counts as the IPv4 address.
    func find(_ address: IPAddress) -> Int? {
        let plain = address.unmapped
        let owner = plain.isIPv6 ? ipv6.owner(of: Self.number(plain)) : ipv4.owner(of: Self.number(plain))
        return owner < 0 ? nil : Int(owner)
    }
}

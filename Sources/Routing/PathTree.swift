import Buffers

/// All paths of a route table as trees of segment names, one tree a host. A child is found by a hash of its parent and its name, so
/// that a step costs the same however many siblings there are.
struct PathTree: Sendable {
    private struct Edge {
        // Without the hash: four edges fill a cache line, and comparing parent and name is as quick.
        var parent: Int32 = -1
        /// The node that the edge leads to; -1 in an empty slot.
        var child: Int32 = -1
        var nameStart: Int32 = 0
        var nameCount: Int32 = 0
    }

    private struct Node {
        /// The rule that ends here, or -1.
        var rule: Int32 = -1
        var hasChildren = false
    }

    private var nodes: [Node] = []
    // Open addressing with linear steps; the size is a power of two and at least half the slots are empty.
    private var slots: [Edge] = Array(repeating: Edge(), count: 16)
    private var edgeCount = 0
    private var names: [UInt8] = []

    /// Adds a tree and returns its root.
    mutating func addRoot() -> Int32 {
        nodes.append(Node())
        return Int32(nodes.count - 1)
    }

    /// Lets `rule` end at the path below `root`. Returns the rule that ended there before, if any; it stays.
    mutating func insert(_ path: [[UInt8]], below root: Int32, rule: Int32) -> Int32? {
        var node = root
        for name in path {
            if let child = child(of: node, hash(name[...], below: node), name.span, 0, name.count, isPlain: true) {
                node = child
            } else {
                node = addEdge(from: node, name)
            }
        }
        if nodes[Int(node)].rule >= 0 { return nodes[Int(node)].rule }
        nodes[Int(node)].rule = rule
        return nil
    }

    private func hash(_ name: ArraySlice<UInt8>, below parent: Int32) -> UInt64 {
        var hash = NameHash(below: parent)
        var offset = 0
        while offset < name.count {
            hash.add(Words.padded(name.span, from: offset, upTo: name.count))
            offset += 8
        }
        return hash.value(length: name.count)
    }

    private mutating func addEdge(from parent: Int32, _ name: [UInt8]) -> Int32 {
        if 2 * (edgeCount + 1) > slots.count { grow() }
        nodes.append(Node())
        nodes[Int(parent)].hasChildren = true
        let child = Int32(nodes.count - 1)
        let edge = Edge(parent: parent, child: child, nameStart: Int32(names.count), nameCount: Int32(name.count))
        names.append(contentsOf: name)
        place(edge)
        edgeCount += 1
        return child
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Edge(), count: 2 * old.count)
        for edge in old where edge.child >= 0 { place(edge) }
    }

    private mutating func place(_ edge: Edge) {
        let name = names[Int(edge.nameStart)..<Int(edge.nameStart + edge.nameCount)]
        var slot = Int(truncatingIfNeeded: hash(name, below: edge.parent)) & (slots.count - 1)
        while slots[slot].child >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = edge
    }

    /// The child of `parent` with the name in `text[start..<end]`, which has that hash.
    @inline(__always)
    private func child(
        of parent: Int32, _ hash: UInt64, _ text: Span<UInt8>, _ start: Int, _ end: Int, isPlain: Bool
    ) -> Int32? {
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let edge = slots[slot]
            if edge.child < 0 { return nil }
            if edge.parent == parent,
                isPlain ? equals(edge, text, start, end) : equalsDecoded(edge, text, start, end)
            {
                return edge.child
            }
            slot = (slot &+ 1) & mask
        }
    }

    @inline(__always)
    private func equals(_ edge: Edge, _ text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard Int(edge.nameCount) == end &- start else { return false }
        let names = names.span
        let nameEnd = Int(edge.nameStart &+ edge.nameCount)
        var offset = 0
        while offset < Int(edge.nameCount) {
            let name = Words.padded(names, from: Int(edge.nameStart) &+ offset, upTo: nameEnd)
            if name != Words.padded(text, from: start &+ offset, upTo: end) { return false }
            offset &+= 8
        }
        return true
    }

    private func equalsDecoded(_ edge: Edge, _ text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var reader = NameReader(start: start, end: end)
        for index in Int(edge.nameStart)..<Int(edge.nameStart + edge.nameCount) {
            guard reader.next(text) == names[index] else { return false }
        }
        return reader.next(text) == nil
    }

    /// The rule with the longest path that `path` is or lies below, and the length of that part of `path`. The path was accepted as
    /// plain: it begins with a slash and has no empty segment but perhaps the last.
    func longestPlain(_ path: Span<UInt8>, below root: Int32) -> (rule: Int32, length: Int)? {
        var node = root
        var found = (rule: nodes[Int(node)].rule, length: 0)
        let count = path.count
        var start = 1
        while start < count, nodes[Int(node)].hasChildren {
            var hash = NameHash(below: node)
            var end = start
            while true {
                var word = Words.padded(path, from: end, upTo: count)
                // A slash right behind the path's last byte cannot be seen: the padding is zeros.
                let before = min(Words.bytesBeforeSlash(word), count &- end)
                if before == 8 {
                    hash.add(word)
                    end &+= 8
                    if end < count { continue }
                    break
                }
                if before > 0 {
                    word &= (1 as UInt64) << UInt64(8 &* before) &- 1
                    hash.add(word)
                    end &+= before
                }
                break
            }
            guard let child = child(of: node, hash.value(length: end &- start), path, start, end, isPlain: true) else { break }
            node = child
            if nodes[Int(node)].rule >= 0 { found = (nodes[Int(node)].rule, end) }
            start = end &+ 1
        }
        return found.rule >= 0 ? found : nil
    }

    /// The same for any accepted path: names are decoded, empty segments passed over.
    func longestDecoded(_ path: Span<UInt8>, below root: Int32) -> (rule: Int32, length: Int)? {
        var node = root
        var found = (rule: nodes[Int(node)].rule, length: 0)
        var start = 0
        while nodes[Int(node)].hasChildren {
            while start < path.count, path[start] == UInt8(ascii: "/") { start += 1 }
            guard start < path.count else { break }
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            guard let child = child(of: node, decodedHash(path, start, end, below: node), path, start, end, isPlain: false) else { break }
            node = child
            if nodes[Int(node)].rule >= 0 { found = (nodes[Int(node)].rule, end) }
            start = end
        }
        return found.rule >= 0 ? found : nil
    }

    /// The hash of a decoded name, eight bytes at a time as the plain one is.
    private func decodedHash(_ path: Span<UInt8>, _ start: Int, _ end: Int, below node: Int32) -> UInt64 {
        var hash = NameHash(below: node)
        var reader = NameReader(start: start, end: end)
        var (length, word): (Int, UInt64) = (0, 0)
        while let byte = reader.next(path) {
            word |= UInt64(byte) << UInt64(8 * (length & 7))
            length += 1
            if length & 7 == 0 {
                hash.add(word)
                word = 0
            }
        }
        if length & 7 != 0 { hash.add(word) }
        return hash.value(length: length)
    }
}

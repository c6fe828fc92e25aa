import PluginImage

/// A shared library of a few hundred bytes, as a linker would lay it out, with what a plug-in has or lacks.
package struct SampleImage {
    package var machine: UInt16
    package var type: UInt16 = 3
    package var byteClass: UInt8 = 2
    package var order: UInt8 = 1
    /// Owner, type and text of each note.
    package var notes: [(owner: String, type: UInt32, text: [UInt8])]
    package var noteAlignment = 4
    package var defined = ["sluice_plugin"]
    package var undefined = ["$s9FilterAPI0A6PluginMp"]
    package var bucketCount = 1
    package var hasInterpreter = false
    package var hasDynamic = true

    package static let stamp = PluginStamp(
        version: "0.1.0", interface: "0123456789abcdef", compiler: "6.3.1 (swift-6.3.1-RELEASE)", build: "release")

    package init() {
        #if arch(x86_64)
        machine = 62
        #else
        machine = 183
        #endif
        notes = [("GNU", 3, [1, 2, 3, 4, 5]), (PluginStamp.noteOwner, PluginStamp.noteType, Array(Self.stamp.text.utf8))]
    }

    package var bytes: [UInt8] {
        var notePart: [UInt8] = []
        for note in notes {
            let owner = Array(note.owner.utf8) + [0]
            notePart += Self.word(owner.count, 4) + Self.word(note.text.count, 4) + Self.word(Int(note.type), 4) + owner
            pad(&notePart)
            notePart += note.text
            pad(&notePart)
        }
        // The hash table holds defined symbols by their buckets, behind all others.
        let sorted = defined.sorted { Self.hash($0) % UInt32(bucketCount) < Self.hash($1) % UInt32(bucketCount) }
        var strings: [UInt8] = [0]
        var symbols = [UInt8](repeating: 0, count: 24)
        for (name, section) in undefined.map({ ($0, 0) }) + sorted.map({ ($0, 1) }) {
            symbols += Self.word(strings.count, 4) + [0x12, 0] + Self.word(section, 2) + Self.word(0, 8) + Self.word(0, 8)
            strings += Array(name.utf8) + [0]
        }
        let first = 1 + undefined.count
        var table = Self.word(bucketCount, 4) + Self.word(first, 4) + Self.word(1, 4) + Self.word(6, 4) + Self.word(-1, 8)
        for bucket in 0..<bucketCount {
            let index = sorted.firstIndex { Int(Self.hash($0) % UInt32(bucketCount)) == bucket }
            table += Self.word(index.map { first + $0 } ?? 0, 4)
        }
        for (index, name) in sorted.enumerated() {
            let bucket = Self.hash(name) % UInt32(bucketCount)
            let isLast = index + 1 == sorted.count || Self.hash(sorted[index + 1]) % UInt32(bucketCount) != bucket
            table += Self.word(Int(Self.hash(name) & ~1 | (isLast ? 1 : 0)), 4)
        }
        let headerCount = 2 + (hasInterpreter ? 1 : 0) + (hasDynamic ? 1 : 0)
        var at = 64 + 56 * headerCount
        func place(_ part: [UInt8]) -> (offset: Int, size: Int) {
            at = (at + 7) / 8 * 8
            defer { at += part.count }
            return (at, part.count)
        }
        let notePlace = place(notePart), symbolPlace = place(symbols), stringPlace = place(strings), tablePlace = place(table)
        var dynamic: [UInt8] = []
        for (tag, value) in [(5, stringPlace.offset), (6, symbolPlace.offset), (0x6FFF_FEF5, tablePlace.offset), (0, 0)] {
            dynamic += Self.word(tag, 8) + Self.word(value, 8)
        }
        let dynamicPlace = place(dynamic)
        var out: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, byteClass, order, 1] + [UInt8](repeating: 0, count: 9)
        out += Self.word(Int(type), 2) + Self.word(Int(machine), 2) + Self.word(1, 4) + Self.word(0, 8) + Self.word(64, 8) + Self.word(0, 8)
        out += Self.word(0, 4) + Self.word(64, 2) + Self.word(56, 2) + Self.word(headerCount, 2) + Self.word(64, 2) + Self.word(0, 4)
        func header(_ type: Int, _ place: (offset: Int, size: Int), _ alignment: Int) -> [UInt8] {
            Self.word(type, 4) + Self.word(4, 4) + Self.word(place.offset, 8) + Self.word(place.offset, 8) + Self.word(place.offset, 8)
                + Self.word(place.size, 8) + Self.word(place.size, 8) + Self.word(alignment, 8)
        }
        out += header(1, (0, at), 4096) + header(4, notePlace, noteAlignment)
        if hasInterpreter { out += header(3, stringPlace, 1) }
        if hasDynamic { out += header(2, dynamicPlace, 8) }
        for (part, place) in [(notePart, notePlace), (symbols, symbolPlace), (strings, stringPlace), (table, tablePlace), (dynamic, dynamicPlace)] {
            out += [UInt8](repeating: 0, count: place.offset - out.count) + part
        }
        return out
    }

    private func pad(_ bytes: inout [UInt8]) { while bytes.count % noteAlignment != 0 { bytes.append(0) } }

    private static func word(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    private static func hash(_ name: String) -> UInt32 { name.utf8.reduce(5381) { $0 &* 33 &+ UInt32($1) } }
}

/// The file of a shared library, read without loading it: 64-bit ELF, little-endian. Whatever the bytes are, it reads no further than
/// they go, in time linear in them.
public struct PluginImage: Sendable {
    private let file: ELFBytes
    private let segments: [Segment]
    /// By tag; the first of each.
    private let dynamic: [UInt64: UInt64]

    /// What is wrong with a file.
    public enum Fault: Error, Sendable, Equatable {
        /// It is something else: `a program`, `no ELF file`.
        case format(String)
        /// It is for another kind of machine than this program.
        case machine(file: String, own: String)
    }

    private struct Segment {
        var type: UInt32
        var offset: Int
        var address: UInt64
        var size: Int
        var alignment: UInt64
    }

    /// Errors: it is not a shared library for this machine, or damaged.
    public init(_ bytes: [UInt8]) throws(Fault) {
        file = ELFBytes(bytes)
        guard !bytes.isEmpty else { throw .format("empty") }
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { throw .format("no ELF file") }
        guard let machine = file.integer(18, UInt16.self), let type = file.integer(16, UInt16.self), let byteClass = file.integer(4, UInt8.self),
            let order = file.integer(5, UInt8.self)
        else { throw .format("damaged (its header is cut off)") }
        guard order == 1 else { throw .machine(file: "a machine of the other byte order", own: Machine.own.name) }
        guard byteClass == 2 else { throw .machine(file: "a 32-bit machine", own: Machine.own.name) }
        guard Machine(code: machine) == .own else { throw .machine(file: Machine(code: machine).name, own: Machine.own.name) }
        guard type == 3 else { throw .format(Self.names[type] ?? "an ELF file of another kind") }
        segments = try Self.segments(of: file)
        if segments.contains(where: { $0.type == 3 }) { throw .format("a program") }
        dynamic = Self.dynamic(of: file, segments)
        guard !dynamic.isEmpty else { throw .format("damaged (it has no dynamic section)") }
    }

    private static let names: [UInt16: String] = [1: "an object file", 2: "a program", 4: "a core dump"]

    private static func segments(of file: ELFBytes) throws(Fault) -> [Segment] {
        guard let start = file.offset(32), let size = file.integer(54, UInt16.self), let count = file.integer(56, UInt16.self), size >= 56 else {
            throw .format("damaged (its header is cut off)")
        }
        var segments: [Segment] = []
        for index in 0..<Int(count) {
            let at = start + index * Int(size)
            guard let type = file.integer(at, UInt32.self), let offset = file.offset(at + 8), let address = file.integer(at + 16, UInt64.self),
                let bytes = file.offset(at + 32), let alignment = file.integer(at + 48, UInt64.self)
            else { throw .format("damaged (its program headers reach beyond its end)") }
            // A piece that is cut off is found out here, before the system's loader meets it.
            guard bytes <= file.count, offset <= file.count - bytes else { throw .format("damaged (a segment reaches beyond its end)") }
            segments.append(Segment(type: type, offset: offset, address: address, size: bytes, alignment: alignment))
        }
        return segments
    }

    private static func dynamic(of file: ELFBytes, _ segments: [Segment]) -> [UInt64: UInt64] {
        guard let segment = segments.first(where: { $0.type == 2 }) else { return [:] }
        var entries: [UInt64: UInt64] = [:]
        for at in stride(from: segment.offset, to: segment.offset + segment.size, by: 16) {
            guard let tag = file.integer(at, UInt64.self), let value = file.integer(at + 8, UInt64.self), tag != 0 else { break }
            if entries[tag] == nil { entries[tag] = value }
        }
        return entries
    }

    /// Where in the file the byte is that has this address when it is loaded.
    private func offset(of address: UInt64) -> Int? {
        for segment in segments where segment.type == 1 && address >= segment.address && address - segment.address < UInt64(segment.size) {
            return segment.offset + Int(address - segment.address)
        }
        return nil
    }

    // MARK: Notes

    /// The bytes of the first note of this owner and type.
    func note(_ owner: String, _ type: UInt32) -> ArraySlice<UInt8>? {
        let owner = Array(owner.utf8) + [0]
        for segment in segments where segment.type == 4 {
            let alignment = segment.alignment == 8 ? 8 : 4
            var at = segment.offset
            let end = segment.offset + segment.size
            while at + 12 <= end {
                guard let nameSize = file.integer(at, UInt32.self), let size = file.integer(at + 4, UInt32.self), let kind = file.integer(at + 8, UInt32.self)
                else { break }
                let name = at + 12
                // The sizes are 32-bit and these 64-bit: no sum overflows.
                let start = Self.aligned(name + Int(nameSize), alignment)
                guard start <= end, Int(size) <= end - start else { break }
                if kind == type, file.bytes[name..<name + Int(nameSize)].elementsEqual(owner) { return file.bytes[start..<start + Int(size)] }
                at = Self.aligned(start + Int(size), alignment)
            }
        }
        return nil
    }

    private static func aligned(_ offset: Int, _ alignment: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

    /// The build stamp of a plug-in.
    public enum Stamp: Sendable, Equatable {
        case none
        /// A note of the right owner that this Sluice cannot read.
        case unknown
        case found(PluginStamp)
    }

    public var stamp: Stamp {
        guard let bytes = note(PluginStamp.noteOwner, PluginStamp.noteType) else { return .none }
        return PluginStamp(text: bytes).map(Stamp.found) ?? .unknown
    }

    // MARK: Symbols

    /// Whether the file itself defines a symbol that others see. By the GNU hash table, as the system's loader finds it.
    public func defines(_ symbol: String) -> Bool {
        guard let table = dynamic[0x6FFF_FEF5].flatMap(offset), let symbols = dynamic[6].flatMap(offset), let strings = dynamic[5].flatMap(offset),
            let bucketCount = file.integer(table, UInt32.self), let firstSymbol = file.integer(table + 4, UInt32.self),
            let bloomCount = file.integer(table + 8, UInt32.self), bucketCount > 0
        else { return false }
        let name = Array(symbol.utf8) + [0]
        var hash: UInt32 = 5381
        for byte in symbol.utf8 { hash = hash &* 33 &+ UInt32(byte) }
        let buckets = table + 16 + Int(bloomCount) * 8
        let chains = buckets + Int(bucketCount) * 4
        guard var index = file.integer(buckets + Int(hash % bucketCount) * 4, UInt32.self), index >= firstSymbol else { return false }
        // Each turn is four bytes further into the file, whose end ends it.
        while let entry = file.integer(chains + Int(index - firstSymbol) * 4, UInt32.self) {
            let at = symbols + Int(index) * 24
            if entry | 1 == hash | 1, let nameOffset = file.integer(at, UInt32.self), let section = file.integer(at + 6, UInt16.self), section != 0,
                file.has(name, at: strings + Int(nameOffset))
            {
                return true
            }
            if entry & 1 == 1 || index == .max { return false }
            index += 1
        }
        return false
    }
}

/// A kind of machine, by ELF's number.
struct Machine: Equatable {
    let code: UInt16

    #if arch(x86_64)
    static let own = Machine(code: 62)
    #elseif arch(arm64)
    static let own = Machine(code: 183)
    #else
    #error("add this machine's ELF number")
    #endif

    private static let names: [UInt16: String] = [
        3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86-64", 183: "aarch64", 243: "riscv64", 258: "loongarch64",
    ]

    var name: String { Self.names[code] ?? "machine \(code)" }
}

import HTTP2Wire
import Testing

/// HPACK (RFC 7541): every representation is read as what it means, and a block that means nothing ends the connection. The cases of h2spec's
/// `generic/5` and `hpack`. `sluice` is `45 16 98 85` in Huffman's code, without padding; `test` is `49 50 9F` with four bits of it.
@Suite struct HTTP2ConformanceFieldBlockTests {
    static let readable: [ConformanceCase] = [
        .init("generic/5/1", "RFC 7541 §6.1", "an indexed field", field("accept-encoding", "gzip, deflate"), block([0x90])),
        .init(
            "generic/5/1", "RFC 7541 §6.1", "an indexed field of the dynamic table", .answer([#"["x-test", "sluice"]"#, #"["x-more", "a"]"#]),
            block([0x40], plainName, plainValue, [0x40], Wire.text("x-more"), Wire.text("a"), [0xBF]), block(stream: 3, [0xBE])),
        .init("generic/5/2", "RFC 7541 §6.2.1", "a literal to be indexed, its name indexed", agent, block([0x7A], plainValue)),
        .init("generic/5/3", "RFC 7541 §6.2.1", "a literal to be indexed, its name indexed, in Huffman's code", agent, block([0x7A], packedValue)),
        .init("generic/5/4", "RFC 7541 §6.2.1", "a literal to be indexed, its name new", test, block([0x40], plainName, plainValue)),
        .init(
            "generic/5/5", "RFC 7541 §6.2.1", "a literal to be indexed, its name new, in Huffman's code", test,
            block([0x40], packedName, packedValue)),
        .init("generic/5/6", "RFC 7541 §6.2.2", "a literal without indexing, its name indexed", agent, block([0x0F, 0x2B], plainValue)),
        .init(
            "generic/5/7", "RFC 7541 §6.2.2", "a literal without indexing, its name indexed, in Huffman's code", agent,
            block([0x0F, 0x2B], packedValue)),
        .init("generic/5/8", "RFC 7541 §6.2.2", "a literal without indexing, its name new", test, block([0], plainName, plainValue)),
        .init(
            "generic/5/9", "RFC 7541 §6.2.2", "a literal without indexing, its name new, in Huffman's code", test,
            block([0], packedName, packedValue)),
        .init("generic/5/10", "RFC 7541 §6.2.3", "a literal never to be indexed, its name indexed", agent, block([0x1F, 0x2B], plainValue)),
        .init(
            "generic/5/11", "RFC 7541 §6.2.3", "a literal never to be indexed, its name indexed, in Huffman's code", agent,
            block([0x1F, 0x2B], packedValue)),
        .init("generic/5/12", "RFC 7541 §6.2.3", "a literal never to be indexed, its name new", test, block([0x10], plainName, plainValue)),
        .init(
            "generic/5/13", "RFC 7541 §6.2.3", "a literal never to be indexed, its name new, in Huffman's code", test,
            block([0x10], packedName, packedValue)),
        .init(
            "generic/5/14", "RFC 7541 §6.3", "a size update of the dynamic table to 128", test,
            block(before: size(128), [0x40], plainName, plainValue)),
        .init(
            "generic/5/15", "RFC 7541 §4.2", "two size updates, to 0 and to 4096", test,
            block(before: size(0) + size(4096), [0x40], plainName, plainValue)),
    ]

    static let broken: [ConformanceCase] = [
        .init("hpack/2.3.3/1", "RFC 7541 §2.3.3", "an indexed field above both tables", compressionError, block([0xC6])),
        .init(
            "hpack/2.3.3/1", "RFC 7541 §2.3.3", "an indexed field one above the static table, with nothing in the dynamic one", compressionError,
            block([0xBE])),
        .init("hpack/2.3.3/2", "RFC 7541 §2.3.3", "a literal with a name above both tables", compressionError, block([0x7F, 7, 0])),
        .init("hpack/4.2/1", "RFC 7541 §4.2", "a size update at the end of a block", compressionError, block(size(1))),
        .init(
            "hpack/5.2/1", "RFC 7541 §5.2", "padding of eight bits", compressionError, block([0], packedName, [0x85, 0x45, 0x16, 0x98, 0x85, 0xFF])),
        .init("hpack/5.2/2", "RFC 7541 §5.2", "padding of zeros", compressionError, block([0], packedName, [0x83, 0x49, 0x50, 0x90])),
        .init(
            "hpack/5.2/3", "RFC 7541 §5.2", "the end-of-string symbol in a string", compressionError,
            block([0], packedName, [0x85, 0xFF, 0xFF, 0xFF, 0xFD, 0x3F])),
        .init("hpack/6.1/1", "RFC 7541 §6.1", "an indexed field of index 0", compressionError, block([0x80])),
        .init("hpack/6.3/1", "RFC 7541 §6.3", "a size update above the size that is agreed on", compressionError, block(before: size(4097))),
    ]

    private static let compressionError = ConformanceCase.Outcome.connectionError(.compressionError)
    private static let agent = field("user-agent", "sluice")
    private static let test = field("x-test", "sluice")
    private static let plainName = Wire.text("x-test")
    private static let packedName: [UInt8] = [0x85, 0xF2, 0xB2, 0x4A, 0x84, 0xFF]
    private static let plainValue = Wire.text("sluice")
    private static let packedValue: [UInt8] = [0x84, 0x45, 0x16, 0x98, 0x85]

    /// The app was sent this field.
    private static func field(_ name: String, _ value: String) -> ConformanceCase.Outcome { .answer([#"["\#(name)", "\#(value)"]"#]) }

    /// A request with these bytes behind its fields.
    private static func block(stream: UInt32 = 1, before: [UInt8] = [], _ parts: [UInt8]...) -> [UInt8] {
        Wire.frame(1, flags: 5, stream: stream, before + Wire.block(Wire.get) + Array(parts.joined()))
    }

    /// A size update of the dynamic table.
    private static func size(_ bytes: Int) -> [UInt8] { Wire.integer(bytes, prefix: 5, first: 0x20) }

    @Test(arguments: readable)
    func `every representation of a field is read as what it means`(demand: ConformanceCase) throws { try demand.check() }

    @Test(arguments: broken)
    func `a field block that means nothing ends the connection`(demand: ConformanceCase) throws { try demand.check() }
}

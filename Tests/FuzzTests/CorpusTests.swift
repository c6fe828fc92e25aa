import FuzzChecks
import Seeded
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Runs the fuzz checks over the saved corpus and over mutations of it. A check that fails ends the program and says why.
@Suite struct CorpusTests {
    struct Target: Sendable {
        var name: String
        var check: @Sendable ([UInt8]) -> Void
        /// Saved inputs that there are at least.
        var least = 30
    }

    static let targets = [
        Target(name: "request-head", check: { checkRequestHead($0) }),
        Target(name: "response-head", check: { checkResponseHead($0) }),
        Target(name: "chunked", check: { checkChunked($0) }),
        Target(name: "trailers", check: { checkTrailers($0) }),
        Target(name: "streams", check: { checkStreams($0) }),
        Target(name: "routes", check: { checkRoutes($0) }),
        Target(name: "access-log", check: { checkAccessLog($0) }),
        Target(name: "plugin-image", check: { checkPluginImage($0) }),
        Target(name: "filters", check: { checkFilters($0) }, least: 350),
    ]

    @Test(arguments: targets)
    func replays(target: Target) throws {
        let seeds = try corpus(target.name)
        #expect(seeds.count >= target.least)
        for seed in seeds { target.check(seed) }
    }

    /// The same numbers in every run. Each input is a saved one with a few random changes, or a mixture of two.
    @Test(arguments: targets)
    func holdsUnderMutation(target: Target) throws {
        let seeds = try corpus(target.name)
        var random = SeededGenerator(seed: 2026)
        for _ in 0..<4000 {
            target.check(mutate(seeds[Int.random(in: 0..<seeds.count, using: &random)], with: seeds, &random))
        }
    }

    private static let words = [
        "\r\n", "\n", "\r", "\r\n\r\n", ":", " ", "\t", "\0", ";", "=", "\"", "\\", ",", "%", "#", "0", "5", "f", "_", "-", "Host: a\r\n",
        "Content-Length: 5\r\n", "Content-Length:", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "HTTP/1.1", "HTTP/1.0", "\u{7f}", "\u{e9}",
        "0\r\n", "1\r\nx\r\n", ";a=\"b\"", "/", "//", "%2e", "%2F", "%252e", "..", "/a", "a.org", "*.org", ">", " @", "\n-\n", "\u{9b}", "...", "\n==\n",
        "use = ", " = ", "\n==\nGET / HTTP/1.1\n", "off", "1", "*",
    ].map { Array($0.utf8) }

    private func mutate(_ seed: [UInt8], with seeds: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.insert(contentsOf: Self.words.randomElement(using: &random) ?? [], at: at)
            case 1 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 2 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 3: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...9, using: &random)))
            case 4:
                let other = seeds.randomElement(using: &random) ?? []
                let cut = Int.random(in: 0...other.count, using: &random)
                bytes.replaceSubrange(at..., with: other[cut...])
            default:
                let end = min(bytes.count, at + Int.random(in: 1...20, using: &random))
                bytes.insert(contentsOf: bytes[at..<end], at: at)
            }
        }
        return bytes
    }

    /// Filters that bytes alone cannot drive, and why.
    static let undriven = [
        "TLSTermination": "it reads no byte itself, OpenSSL does; and its options name files of certificates that must be there"
    ]

    /// Every filter that the gateway has is driven, but for those.
    @Test func everyBuiltInFilterIsDriven() throws {
        let root = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let source = String(decoding: try read(root + "/Sources/Sluice/main.swift"), as: UTF8.self)
        let listed = source.matches(of: /([A-Za-z]+)\.self/).map { String($0.output.1) }
        #expect(!listed.isEmpty)
        #expect(listed.filter { Self.undriven[$0] == nil } == builtInFilters.map { "\($0)" })
        #expect(Self.undriven.keys.allSatisfy(listed.contains))
    }

    /// An input that somebody wrote is one that filters take: else it would test the reading of options only.
    @Test func writtenFilterInputsAreTaken() throws {
        for name in try names("filters") where !name.isHash {
            let refusal = refusal(try read(folder("filters") + "/" + name))
            #expect(refusal == nil, "\(name)")
        }
    }

    /// Each built-in filter stands in some of them.
    @Test func everyFilterHasInputs() throws {
        let seeds = try corpus("filters").map { String(decoding: $0, as: UTF8.self) }
        for name in builtInFilterNames { #expect(seeds.count { $0.contains("use = \(name)\n") } >= 2, "\(name)") }
    }

    struct Unreadable: Error { var path: String }

    private func folder(_ name: String) -> String {
        var parts = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        parts += ["Fuzz", "corpus", Substring(name)]
        return parts.joined(separator: "/")
    }

    /// Every file in `Tests/Fuzz/corpus/NAME`, in the order of their names.
    private func corpus(_ name: String) throws -> [[UInt8]] { try names(name).map { try read(folder(name) + "/" + $0) } }

    private func names(_ name: String) throws -> [String] {
        guard let directory = unsafe opendir(folder(name)) else { throw Unreadable(path: folder(name)) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let entryName = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !entryName.hasPrefix(".") { names.append(entryName) }
        }
        return names.sorted()
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "rb") else { throw Unreadable(path: path) }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        while true {
            let byte = unsafe fgetc(file)
            if byte == EOF { return bytes }
            bytes.append(UInt8(truncatingIfNeeded: byte))
        }
    }
}

extension String {
    /// The name of what the fuzzer found: a SHA-1 digest.
    fileprivate var isHash: Bool { count == 40 && allSatisfy(\.isHexDigit) }
}

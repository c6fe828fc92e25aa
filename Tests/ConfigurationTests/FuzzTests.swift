import Foundation
import FuzzChecks
import Seeded
import Testing

/// Broken files of every kind are reported, never trusted and never fatal. What is checked of each is what the fuzz target
/// `configuration` checks.
///
/// `FUZZ_ITERATIONS` and `FUZZ_SEED` make a longer run, which also leaves the last input in the temporary directory, so that a
/// crash can be saved into the corpus.
@Suite struct FuzzTests {
    static let corpus: [[UInt8]] = {
        // Saved inputs have any name; beside the golden files stands what they give.
        let folders = [
            (Golden.package.appending(path: "Tests/Fuzz/corpus/configuration"), ""), (Golden.folder.appending(path: "broken"), ".conf"),
            (Golden.folder.appending(path: "accepted"), ".conf"),
        ]
        return folders.flatMap { folder, ending in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.filter { ending.isEmpty || $0.hasSuffix(ending) }.sorted().compactMap { name in
                (try? Data(contentsOf: folder.appending(path: name))).map { [UInt8]($0) }
            }
        }
    }()

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    @Test func theCorpusIsReplayed() {
        #expect(Self.corpus.count > 100)
        for input in Self.corpus { checkConfiguration(input) }
    }

    @Test func mutationsOfTheCorpusAreSurvived() {
        var random = SeededGenerator(seed: UInt64(Self.number("FUZZ_SEED") ?? 1))
        let last = FileManager.default.temporaryDirectory.appending(path: "configuration-fuzz-last.conf")
        for _ in 0..<(Self.number("FUZZ_ITERATIONS") ?? 1500) {
            var input = Self.corpus.randomElement(using: &random) ?? []
            for _ in 0...Int.random(in: 0...4, using: &random) { mutate(&input, &random) }
            if Self.number("FUZZ_ITERATIONS") != nil { try? Data(input).write(to: last) }
            checkConfiguration(input)
        }
    }

    /// Cutting a file short anywhere is survived as well; the cut runs through every kind of line.
    @Test func prefixesAreSurvived() throws {
        let input = try #require(Self.corpus.first { String(decoding: $0, as: UTF8.self).contains("${MORE:-") })
        for end in 0...input.count { checkConfiguration(Array(input[..<end])) }
    }

    private func mutate(_ input: inout [UInt8], _ random: inout SeededGenerator) {
        let tokens = [
            "[", "]", "[app:", ":", "=", "#", " #", "\"", "\\", "${", "}", "${PORT}", "${X:-", "\n", "\r\n", "\n ", "\t", "/", "*.", "%", "..",
            ",", "include = gateway.conf\n", "\u{0}", "\u{FEFF}", "é", "漢", "18446744073709551616", "-1", "off", "none", "s", "KiB", "::", "unix:",
        ]
        let place = Int.random(in: 0...input.count, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0:
            if place < input.count { input[place] = UInt8.random(in: 0...255, using: &random) }
        case 1:
            input.removeSubrange(place..<min(input.count, place + Int.random(in: 1...20, using: &random)))
        case 2:
            let end = min(input.count, place + Int.random(in: 1...80, using: &random))
            input.insert(contentsOf: Array(input[place..<end]), at: Int.random(in: 0...input.count, using: &random))
        case 3, 4:
            input.insert(contentsOf: Array((tokens.randomElement(using: &random) ?? "").utf8), at: place)
        case 5:
            let other = Self.corpus.randomElement(using: &random) ?? []
            input = Array(input[..<place]) + other[Int.random(in: 0...other.count, using: &random)...]
        default:
            var lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
            lines.swapAt(Int.random(in: 0..<lines.count, using: &random), Int.random(in: 0..<lines.count, using: &random))
            input = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        }
    }
}

import Foundation
import Routing
import Testing

@testable import Configuration

/// Broken files of every kind are reported, never trusted and never fatal.
///
/// `FUZZ_ITERATIONS` and `FUZZ_SEED` make a longer run, which also leaves the last input in the temporary directory, so that a
/// crash can be saved into the corpus.
@Suite struct FuzzTests {
    static let corpus: [[UInt8]] = {
        let folders = [
            Golden.package.appending(path: "Tests/Fuzz/corpus/configuration"), Golden.folder.appending(path: "broken"),
            Golden.folder.appending(path: "accepted"),
        ]
        return folders.flatMap { folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.filter { $0.hasSuffix(".conf") }.sorted().compactMap { name in
                (try? Data(contentsOf: folder.appending(path: name))).map { [UInt8]($0) }
            }
        }
    }()

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    @Test func theCorpusIsReplayed() {
        #expect(Self.corpus.count > 100)
        for input in Self.corpus { check(input) }
    }

    @Test func mutationsOfTheCorpusAreSurvived() {
        var random = SplitMix(state: UInt64(Self.number("FUZZ_SEED") ?? 1))
        let last = FileManager.default.temporaryDirectory.appending(path: "configuration-fuzz-last.conf")
        for _ in 0..<(Self.number("FUZZ_ITERATIONS") ?? 1500) {
            var input = Self.corpus.randomElement(using: &random) ?? []
            for _ in 0...Int.random(in: 0...4, using: &random) { mutate(&input, &random) }
            if Self.number("FUZZ_ITERATIONS") != nil { try? Data(input).write(to: last) }
            check(input)
        }
    }

    /// Cutting a file short anywhere is survived as well; the cut runs through every kind of line.
    @Test func prefixesAreSurvived() throws {
        let input = try #require(Self.corpus.first { String(decoding: $0, as: UTF8.self).contains("${MORE:-") })
        for end in 0...input.count { check(Array(input[..<end])) }
    }

    private func mutate(_ input: inout [UInt8], _ random: inout SplitMix) {
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

    /// What holds for every file, right or wrong.
    private func check(_ input: [UInt8]) {
        var files = MemoryFiles(["parts/demo.conf": "[app:demo]\nuse = echo\n"])
        files.files["gateway.conf"] = input
        let (plan, diagnostics) = Configuration.load(
            path: "gateway.conf", files: files, environment: goldenEnvironment, filters: sampleFilters)
        #expect((plan == nil) == diagnostics.contains { $0.severity == .error })
        let lineCount = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
        for diagnostic in diagnostics {
            #expect(diagnostic.severity == diagnostic.code.severity)
            guard let place = diagnostic.place else { continue }
            let location = place.location
            #expect(location.line >= 1 && location.column >= 1 && location.endColumn > location.column)
            if location.file == "gateway.conf" { #expect(location.line <= lineCount) }
        }
        let text = diagnostics.text()
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || (0x7F..<0xA0).contains($0.value) })
        #expect((try? JSONSerialization.jsonObject(with: Data(diagnostics.json.utf8))) != nil)
        if let plan { checkPlan(plan) }
    }

    private func checkPlan(_ plan: Plan) {
        func depth(_ destination: Destination, _ left: Int) -> Int {
            guard left > 0 else { return 1000 }
            switch destination {
            case .app(let index):
                #expect(plan.apps.indices.contains(index))
                return 0
            case .router(let index):
                guard plan.routers.indices.contains(index) else { return 1000 }
                return 1 + (plan.routers[index].routes.map { depth($0.destination, left - 1) }.max() ?? 1000)
            case .pipeline(let index):
                guard plan.pipelines.indices.contains(index) else { return 1000 }
                #expect(plan.pipelines[index].filters.allSatisfy(plan.filters.indices.contains))
                return 1 + depth(plan.pipelines[index].destination, left - 1)
            }
        }
        #expect(!plan.listeners.isEmpty)
        for listener in plan.listeners {
            #expect(!listener.addresses.isEmpty)
            #expect(depth(listener.serve, Plan.depthLimit + 1) <= Plan.depthLimit)
            #expect(listener.headLimits.targetBytes <= listener.headLimits.headBytes)
        }
        for router in plan.routers {
            #expect(!router.routes.isEmpty)
            let keys = router.routes.map { "\($0.host.map(\.description) ?? "")\($0.path)" }
            #expect(Set(keys).count == keys.count)
            for route in router.routes { #expect((try? RoutePath(route.path).segments) == route.segments) }
            #expect(throws: Never.self) { try RouteTable(router.routes.map(rule)) }
        }
        for app in plan.apps {
            if case .upstream(let upstream) = app.kind { #expect(!upstream.servers.isEmpty && upstream.retry.tries > 0) }
        }
    }
}

/// A route as the route table takes it.
func rule(_ route: RoutePlan) -> RouteRule {
    let host: HostRule =
        switch route.host {
        case nil: .any
        case .exact(let name, let port): .exact(name, port: port.map { UInt16($0) })
        case .wildcard(let suffix): .wildcard(suffix: suffix)
        }
    return RouteRule(host: host, path: route.path, value: 0)
}

/// A small generator that gives the same numbers for the same seed everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

import FilterAPI
import FilterTesting
import Testing

/// What filters have of the system: files that are watched, work beside the loops, the end of the gateway.
@Suite struct SystemTests {
    private let get = "GET / HTTP/1.1\nHost: h\n"

    @Test func everyLoopSeesAFileAndItsChanges() throws {
        let harness = try FilterHarness(Reader.self, loops: 2, files: ["/number": .text("7")])
        for loop in 0..<2 { #expect(harness.send(get, on: loop).field("X-Number") == "7 once") }
        harness.files["/number"] = .text("8")
        for loop in 0..<2 { #expect(harness.send(get, on: loop).field("X-Number") == "8 once") }
    }

    @Test func whatCannotBeReadLaterChangesNothingAndIsSaidOnce() throws {
        let harness = try FilterHarness(Reader.self, loops: 3, files: ["/number": .text("7")])
        harness.files["/number"] = .text("x")
        harness.files["/number"] = nil
        harness.files["/number"] = .unreadable("permission denied")
        harness.files["/number"] = .text("1234567890")
        #expect(harness.send(get, on: 2).field("X-Number") == "7 once")
        let lines = ["it is no number", "it is missing", "it cannot be read: permission denied", "it cannot be read: it is larger than 8 bytes"]
        #expect(harness.complaints == lines.map { "sluice: [filter:f0]: \($0); what /number said before still holds" })
        harness.files["/number"] = .text("9")
        #expect(harness.send(get, on: 1).field("X-Number") == "9 once")
    }

    @Test func filesThatMakeOneValueAreReadTogether() throws {
        let harness = try FilterHarness(Pair.self, loops: 2, files: ["/left": .text("a"), "/right": .text("1")])
        #expect(harness.send(get, on: 1).field("X-Pair") == "a1, 0 changes")
        harness.files = ["/left": .text("b"), "/right": .text("2")]
        for loop in 0..<2 { #expect(harness.send(get, on: loop).field("X-Pair") == "b2, 1 changes") }
        harness.files["/left"] = nil
        #expect(harness.send(get).field("X-Pair") == "b2, 1 changes")
        #expect(harness.complaints == ["sluice: [filter:f0]: one is missing; what was read before still holds"])
    }

    @Test func aFilterIsNotMadeWithoutItsFile() {
        #expect(throws: HarnessError("makeFilter: it is missing")) { try FilterHarness(Reader.self) }
    }

    @Test func aFileIsThereOrNot() throws {
        let harness = try FilterHarness(Switch.self)
        #expect(harness.send(get).field("X-Switch") == "off")
        harness.files["/switch"] = .text(String(repeating: "x", count: 1 << 21))
        #expect(harness.send(get).field("X-Switch") == "on")
        harness.files["/switch"] = .unreadable("permission denied")
        #expect(harness.send(get).field("X-Switch") == "on")
        #expect(harness.complaints.count == 1)
        harness.files = [:]
        #expect(harness.send(get).field("X-Switch") == "off")
        #expect(throws: HarnessError.self) { try FilterHarness(Switch.self, files: ["/switch": .unreadable("permission denied")]) }
    }

    @Test func workIsDoneBesideTheLoopOrRefused() async throws {
        let harness = try FilterHarness(Adder.self)
        let exchange = harness.send(get)
        #expect(exchange.stage == .waiting)
        #expect(await exchange.answer())
        #expect(exchange.field("X-Sum") == "5050")
        #expect(harness.sideWorkCount == 1)
        harness.isSideWorkRefused = true
        let refused = harness.send(get)
        #expect(await !refused.answer())
        harness.isSideWorkRefused = false
        // What was refused does not count as pending.
        for _ in 0..<3 { #expect(await harness.send(get).answer()) }
    }

    @Test func filtersKnowThatTheGatewayEnds() throws {
        let harness = try FilterHarness(Ending.self)
        #expect(harness.send(get).field("X-Ending") == nil)
        harness.drain()
        #expect(harness.send(get).field("X-Ending") == "yes")
    }
}

/// Tells the app the number in a file.
private struct Reader: FilterPlugin {
    static let name = "reader"
    init(_ options: FilterOptions) throws(ConfigurationError) {}

    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        // Once a loop, and once again to see that a second look at the same file is no second reading.
        OnLoop(
            try loop.watchFile("/number", upTo: 8) { content throws(ConfigurationError) in
                switch content {
                case .bytes(let bytes):
                    guard let number = Int(String(decoding: bytes, as: UTF8.self)) else { throw ConfigurationError("it is no number") }
                    return number
                case .missing: throw ConfigurationError("it is missing")
                case .unreadable(let why): throw ConfigurationError("it cannot be read: \(why)")
                }
            })
    }

    private final class OnLoop: RequestFilter {
        private let number: WatchedFile<Int>
        private var seen = 0
        private var changes = 0

        init(_ number: WatchedFile<Int>) {
            self.number = number
            seen = number.version
        }

        func processRequest(_ request: inout Request) -> RequestDecision {
            changes = number.version - seen
            seen = number.version
            request.fields["X-Number"] = "\(number.value) \(changes <= 1 ? "once" : "\(changes) times")"
            return .forward
        }
    }
}

/// Tells the app what two files say together.
private struct Pair: FilterPlugin {
    static let name = "pair"
    init(_ options: FilterOptions) throws(ConfigurationError) {}

    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        OnLoop(
            try loop.watchFiles(["/left", "/right"]) { contents throws(ConfigurationError) in
                guard case .bytes(let left) = contents[0], case .bytes(let right) = contents[1] else { throw ConfigurationError("one is missing") }
                return String(decoding: left + right, as: UTF8.self)
            })
    }

    private final class OnLoop: RequestFilter {
        private let pair: WatchedFile<String>
        init(_ pair: WatchedFile<String>) { self.pair = pair }

        func processRequest(_ request: inout Request) -> RequestDecision {
            request.fields["X-Pair"] = "\(pair.value), \(pair.version) changes"
            return .forward
        }
    }
}

private struct Switch: FilterPlugin {
    static let name = "switch"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { OnLoop(try loop.watchPresence(of: "/switch")) }

    private final class OnLoop: RequestFilter {
        private let isOn: WatchedFile<Bool>
        init(_ isOn: WatchedFile<Bool>) { self.isOn = isOn }

        func processRequest(_ request: inout Request) -> RequestDecision {
            request.fields["X-Switch"] = isOn.value ? "on" : "off"
            return .forward
        }
    }
}

private struct Adder: FilterPlugin {
    static let name = "adder"
    static let asks = true
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { OnLoop(loop.sideWork(atOnce: 2)) }

    private final class OnLoop: RequestFilter {
        private let work: SideWork
        init(_ work: SideWork) { self.work = work }

        func processRequest(_ request: inout Request) -> RequestDecision {
            .ask({ [work] in try await work.run { (1...100).reduce(0, +) } }) { request, sum in
                request.fields["X-Sum"] = "\(sum)"
                return .forward
            }
        }
    }
}

private struct Ending: FilterPlugin {
    static let name = "ending"
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { OnLoop(loop) }

    private final class OnLoop: RequestFilter {
        private let loop: LoopContext
        init(_ loop: LoopContext) { self.loop = loop }

        func processRequest(_ request: inout Request) -> RequestDecision {
            if loop.isDraining { request.fields["X-Ending"] = "yes" }
            return .forward
        }
    }
}

import FilterAPI
import FilterTesting
import Testing

/// Reads a line with the client's address: `client 192.0.2.7`, ended by LF. It stands in docs/prologues.md.
final class ClientLine: FilterPlugin, PrologueFilter {
    static let name = "client-line"
    static let place = FilterPlace.listener
    static let options = OptionSchema([Option("sources", .network, isRequired: true, isList: true, "Who is believed.")])
    static let reasons = [source, malformed]
    static let source = ReplyReason(
        "client-line.source", "The peer is not believed", fault: .config, happened: "It is not in sources.", advice: "Add it if it is your proxy.")
    static let malformed = ReplyReason(
        "client-line.malformed", "The first line names no client", fault: .client, happened: "It is not `client ADDRESS`.", advice: "Look at the proxy.")

    let longestPrologue = 64
    private let sources: [CIDR]

    init(_ options: FilterOptions) { sources = options.networks("sources") }

    func readPrologue(_ bytes: Span<UInt8>, from peer: ConnectionEnd) -> PrologueStep {
        guard case .ip(let address, _) = peer, sources.contains(where: { $0.contains(address) }) else { return .refused(Self.source) }
        var line = ""
        for index in bytes.indices {
            guard bytes[index] == 0x0A else {
                line.unicodeScalars.append(Unicode.Scalar(bytes[index]))
                continue
            }
            guard line.hasPrefix("client "), let client = IPAddress(line.dropFirst(7)) else { return .refused(Self.malformed) }
            return .passed(Prologue(byteCount: index + 1, client: .ip(client, port: 0)))
        }
        return .needsMore
    }
}

/// Filters that a harness must catch.
private final class Forgetful: FilterPlugin, PrologueFilter {
    static let name = "forgetful"
    static let place = FilterPlace.listener
    static let options = OptionSchema([Option("way", .choice(["count", "late", "steady"]), isRequired: true, "How it goes wrong, or not.")])
    let longestPrologue = 8
    private let way: String

    init(_ options: FilterOptions) { way = options.word("way") ?? "" }

    func readPrologue(_ bytes: Span<UInt8>, from peer: ConnectionEnd) -> PrologueStep {
        switch way {
        // Takes all that came for the prologue.
        case "count": bytes.count < 3 ? .needsMore : .passed(Prologue(byteCount: bytes.count))
        // Waits for a byte behind its prologue.
        case "late": bytes.count < 4 ? .needsMore : .passed(Prologue(byteCount: 3))
        default: bytes.count < 3 ? .needsMore : .passed(Prologue(byteCount: 3))
        }
    }
}

/// What the harness for the beginnings of connections shows of a filter.
@Suite struct PrologueHarnessTests {
    @Test func namesTheClientHoweverItIsCut() throws {
        let harness = try PrologueHarness(ClientLine.self, "sources = 10.0.0.0/8")
        let bytes = Array("client 192.0.2.7\nGET / HTTP/1.1\r\n".utf8)
        #expect(harness.read(bytes, from: "10.0.0.1").prologue?.client == .ip(IPAddress("192.0.2.7")!, port: 0))
        #expect(harness.read(bytes, from: "10.0.0.1").prologue?.byteCount == 17)
        #expect(harness.isSameForAnyCut(bytes, from: "10.0.0.1"))
        #expect(harness.read("", from: "192.0.2.1") == .refused("client-line.source"))
        #expect(harness.read("client 192.0.2.7\n", from: "") == .refused("client-line.source"))
    }

    @Test func aPrologueWithoutEndIsTooLong() throws {
        let harness = try PrologueHarness(ClientLine.self, "sources = 10.0.0.0/8")
        #expect(harness.read([UInt8](repeating: 0x61, count: 63), from: "10.0.0.1") == .waits)
        #expect(harness.read([UInt8](repeating: 0x61, count: 64), from: "10.0.0.1") == .tooLong)
        #expect(harness.read([UInt8](repeating: 0x61, count: 500), from: "10.0.0.1") == .tooLong)
        // Its end is behind what it is shown.
        #expect(harness.read([UInt8](repeating: 0x61, count: 64) + [0x0A], from: "10.0.0.1") == .tooLong)
        #expect(harness.isSameForAnyCut([UInt8](repeating: 0x61, count: 100), from: "10.0.0.1"))
    }

    @Test func aFilterThatDependsOnCutsIsFound() throws {
        let bytes = Array("abcdef".utf8)
        #expect(try PrologueHarness(Forgetful.self, "way = steady").isSameForAnyCut(bytes))
        #expect(try !PrologueHarness(Forgetful.self, "way = count").isSameForAnyCut(bytes))
        #expect(try !PrologueHarness(Forgetful.self, "way = late").isSameForAnyCut(bytes))
    }

    @Test func wrongOptionsAreSaidAsTheCheckerSaysThem() {
        #expect { try PrologueHarness(ClientLine.self) } throws: { "\($0)".contains("needs the option `sources`") }
        #expect { try PrologueHarness(ClientLine.self, "sources = 10.0.0.1/8") } throws: { "\($0)".contains("bits behind the prefix") }
    }

    @Test func filtersSeeWhereTheClientHadConnectedTo() throws {
        final class Toll: FilterPlugin, RequestFilter {
            static let name = "toll"
            init(_ options: FilterOptions) {}
            func processRequest(_ request: inout Request) -> RequestDecision {
                if case .ip(let address, let port)? = request.destination { request.fields["X-To"] = "\(address) \(port)" }
                return .forward
            }
        }
        let harness = try FilterHarness(Toll.self)
        let there = ConnectionEnd.ip(IPAddress("198.51.100.9")!, port: 443)
        #expect(harness.send("GET / HTTP/1.1\nHost: h\n", to: there).head.contains("X-To: 198.51.100.9 443\n"))
        #expect(!harness.send("GET / HTTP/1.1\nHost: h\n").head.contains("X-To"))
    }
}

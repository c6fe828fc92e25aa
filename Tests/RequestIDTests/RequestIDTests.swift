import FilterAPI
import FilterAllocationCounts
import FilterTesting
import Seeded
import Testing

@testable import RequestID

@Suite struct RequestIDTests {
    private let uuid = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

    private func head(_ lines: String = "") -> String { "GET / HTTP/1.1\nHost: h\n\(lines)" }

    private func isUUID(_ text: some StringProtocol) -> Bool {
        String(text).wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil
    }

    @Test func theAppTheClientAndTheLogSeeOneID() throws {
        let exchange = try FilterHarness(RequestID.self).send(head())
        let id = try #require(exchange.field("X-Request-ID"))
        #expect(isUUID(id))
        #expect(exchange.id == id)
        #expect(exchange.respond("HTTP/1.1 200 OK\nContent-Length: 0\n").field("X-Request-ID") == id)
    }

    @Test func openStackIDsHaveTheirPrefix() throws {
        let exchange = try FilterHarness(RequestID.self, "form = req-uuid\nfield = X-OpenStack-Request-ID").send(head())
        let id = try #require(exchange.field("x-openstack-request-id"))
        #expect(id.hasPrefix("req-") && isUUID(id.dropFirst(4)))
    }

    @Test func everyRequestHasAnotherOnAllLoops() throws {
        let harness = try FilterHarness(RequestID.self, loops: 3)
        var seen: Set<String> = []
        for round in 0..<3_000 { seen.insert(harness.send(head(), on: round % 3).id ?? "") }
        #expect(seen.count == 3_000 && !seen.contains(""))
        // Every digit that is random takes all of its values.
        for place in [0, 7, 9, 15, 20, 35] {
            let digits = Set(seen.map { Array($0)[place] })
            #expect(digits.count == 16, "digit \(place): \(digits)")
        }
    }

    /// A site may have the filter, and a pipeline that a router of it leads to may have it again.
    @Test(arguments: ["", "accept = never", "accept = always", "global-field = X-Global-ID\naccept = always"])
    func twiceIsAsOnce(_ second: String) throws {
        let exchange = try FilterHarness([(RequestID.self, ""), (RequestID.self, second)]).send(head("X-Request-ID: \(uuid)\nX-Global-ID: forged\n"))
        let id = try #require(exchange.field("X-Request-ID"))
        #expect(exchange.id == id && id != uuid)
        #expect(exchange.field("X-Global-ID") == (second.contains("global") ? nil : "forged"))
        #expect(exchange.respond("HTTP/1.1 200 OK\nContent-Length: 0\n").field("X-Request-ID") == id)
    }

    @Test func theSecondOfTwoLeavesTheGlobalIDOfTheFirst() throws {
        let filter = "global-field = X-Global-ID\naccept = always"
        let exchange = try FilterHarness([(RequestID.self, filter), (RequestID.self, filter)]).send(head("X-Request-ID: \(uuid)\n"))
        #expect(exchange.field("X-Global-ID") == uuid)
        #expect(exchange.field("X-Request-ID") == exchange.id && exchange.id != uuid)
    }

    @Test func repliesOfFiltersBehindItCarryTheID() throws {
        let exchange = try FilterHarness([(RequestID.self, ""), (Refusal.self, "")]).send(head())
        #expect(exchange.reply?.status == 403)
        #expect(exchange.reply?.field("X-Request-ID") == exchange.id)
    }

    @Test(arguments: [
        // options, comes through a trusted proxy, is kept
        ("", false, false), ("", true, true), ("accept = trusted", false, false), ("accept = never", true, false), ("accept = always", false, true),
        ("accept = always\naccept-form = uuid", false, true), ("accept = always\naccept-form = req-uuid", false, false),
    ])
    func whoseIDIsKept(_ options: String, _ isTrusted: Bool, _ isKept: Bool) throws {
        let exchange = try FilterHarness(RequestID.self, options).send(head("X-Request-ID: \(uuid)\n"), throughTrustedProxy: isTrusted)
        #expect((exchange.field("X-Request-ID") == uuid) == isKept)
        #expect((exchange.id == uuid) == isKept)
        #expect((exchange.respond("HTTP/1.1 204 No\n").field("X-Request-ID") == uuid) == isKept)
        #expect(exchange.head.split(separator: "\n").count == 3)
    }

    @Test(arguments: [
        ("any", "Root=1-67891233-abcdef012345678912345678", true), ("any", "a", true), ("any", "a/b+c=d:e;f@g.h~i_j", true), ("any", "", false),
        ("any", "a b", false), ("any", "a,b", false), ("any", "\"a\"", false), ("any", "a\\b", false), ("any", "a'b", false), ("any", "<a>", false),
        ("any", "a\u{e9}", false), ("any", "a%0ab", false), ("any", "${jndi:x}", false),
        ("any", String(repeating: "a", count: 128), true), ("any", String(repeating: "a", count: 129), false),
        ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", true), ("uuid", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", true),
        ("uuid", "6ba7b8109dad11d180b400c04fd430c8", false), ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c", false),
        ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430cg", false), ("uuid", "6ba7b810-9dad-11d1-80b40-0c04fd430c8", false),
        ("uuid", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}", false), ("uuid", "req-6ba7b810-9dad-11d1-80b4-00c04fd430c8", false),
        ("req-uuid", "req-6ba7b810-9dad-11d1-80b4-00c04fd430c8", true), ("req-uuid", "req-6ba7b810-9dad-11d1-80b4-00c04fd430C8", false),
        ("req-uuid", "REQ-6ba7b810-9dad-11d1-80b4-00c04fd430c8", false), ("req-uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", false),
        ("req-uuid", "req_6ba7b810-9dad-11d1-80b4-00c04fd430c8", false), ("req-uuid", "req-", false), ("req-uuid", "r", false),
    ])
    func whatAnIDLooksLike(_ form: String, _ id: String, _ isKept: Bool) throws {
        let harness = try FilterHarness(RequestID.self, "accept = always\naccept-form = \(form)")
        let exchange = harness.send(head("X-Request-ID: \(id)\n"))
        #expect((exchange.field("X-Request-ID") == id) == isKept)
        #expect(isKept || isUUID(exchange.id ?? ""))
    }

    /// Whatever a client sends: one id, of the accepted form or fresh, the same for app, client and log.
    @Test func anyInputGivesOneGoodID() throws {
        let harness = try FilterHarness(RequestID.self, "accept = always\naccept-form = any\nglobal-field = X-Global-ID")
        let plain = try FilterHarness(RequestID.self, "accept = always")
        var random = SeededGenerator(seed: 7)
        let names = ["X-Request-ID", "x-request-id", "X_Request_ID", "X-Request_ID", "X-Global-ID", "X_Global-Id", "X.Global.ID", "X-Requests-ID"]
        let texts = ["a", "req-1", " ", "", "a b", "\"", "é", "a,b", String(repeating: "z", count: 200), uuid, "\t", ";=", "\\", "\u{80}"]
        for _ in 0..<2_000 {
            var lines = ""
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let value = (0..<Int.random(in: 1...3, using: &random)).map { _ in texts.randomElement(using: &random)! }.joined()
                lines += "\(names.randomElement(using: &random)!): \(value)\n"
            }
            for harness in [harness, plain] {
                let exchange = harness.send(head(lines))
                let id = try #require(exchange.id)
                #expect(id.wholeMatch(of: /[-A-Za-z0-9._~+\/=:;@]{1,128}/) != nil, "\(lines)")
                #expect(exchange.field("X-Request-ID") == id)
                let left = exchange.head.split(separator: "\n").filter { $0.wholeMatch(of: /(?i)x.request.id:.*/) != nil }
                #expect(left == ["X-Request-ID: \(id)"], "\(lines)")
                #expect(exchange.respond("HTTP/1.1 200 OK\nContent-Length: 0\n").field("X-Request-ID") == id)
            }
        }
    }

    @Test func theGlobalIDIsNeverTheRequestsOwn() throws {
        let harness = try FilterHarness(
            RequestID.self, "field = X-OpenStack-Request-ID\nform = req-uuid\naccept = always\naccept-form = req-uuid\nglobal-field = X-Global-ID")
        let global = "req-\(uuid)"
        let exchange = harness.send(head("X-Openstack-Request-Id: \(global)\nX-Global-ID: forged\nX_Global_ID: forged\n"))
        #expect(exchange.field("X-Global-ID") == global)
        let own = try #require(exchange.field("X-OpenStack-Request-ID"))
        #expect(own != global && own.hasPrefix("req-"))
        #expect(exchange.id == own)
        #expect(!exchange.head.contains("forged"))
        #expect(exchange.respond("HTTP/1.1 204 No\n").field("X-OpenStack-Request-ID") == own)
        #expect(harness.send(head("X-Global-ID: forged\nX-OpenStack-Request-ID: no id\n")).field("X-Global-ID") == nil)
    }

    @Test func aConnectionFieldCannotTakeTheIDAway() throws {
        let exchange = try FilterHarness(RequestID.self, "field = X-Trace\naccept = always").send(
            head("Connection: X-Trace, X-Request-ID\nX-Trace: mine\n"))
        #expect(exchange.head == "GET / HTTP/1.1\nHost: h\nX-Trace: mine\n")
    }

    @Test(arguments: [
        ("replace", "X-Request-ID: app\n", "own"), ("replace", "", "own"), ("keep", "X-Request-ID: app\n", "app"), ("keep", "", "own"),
        ("off", "X-Request-ID: app\n", "app"), ("off", "", "none"),
    ])
    func whatTheClientSees(_ response: String, _ line: String, _ expected: String) throws {
        let exchange = try FilterHarness(RequestID.self, "response = \(response)").send(head())
        let value = exchange.respond("HTTP/1.1 200 OK\n\(line)Content-Length: 0\n").field("X-Request-ID")
        #expect(value == (expected == "own" ? exchange.id : expected == "none" ? nil : expected))
    }

    @Test(arguments: [("", true, "taken over"), ("", false, "no trusted proxy"), ("accept = never", true, "replaced"), ("accept-form = req-uuid", true, "form")])
    func itSaysWhy(_ options: String, _ isTrusted: Bool, _ remark: String) throws {
        let exchange = try FilterHarness(RequestID.self, options).explain(head("X-Request-ID: \(uuid)\n"), throughTrustedProxy: isTrusted)
        #expect(exchange.notes.count == 1 && exchange.notes[0].contains(remark))
    }

    @Test(arguments: [
        ("field = Content-Length", "belongs to a connection"), ("field = Host", "`host`"), ("global-field = x-request-ID", "same field"),
        ("accept = never\nglobal-field = X-Global-ID", "nothing ever goes"), ("accept = sometimes", "`trusted`"),
    ])
    func wrongOptionsAreRefused(_ options: String, _ text: String) {
        let error = #expect(throws: HarnessError.self) { try FilterHarness(RequestID.self, options) }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["", "accept = always", "accept = always\nglobal-field = X-Global-ID", "response = keep"])
    func itAllocatesNothing(_ options: String) throws {
        let count = try FilterAllocations.count(
            RequestID.self, options, head("X-Request-ID: \(uuid)\nX_Request_ID: a\n"), answer: "HTTP/1.1 200 OK\nX-Request-ID: app\nContent-Length: 0\n")
        #expect(count.request <= 0 && count.response <= 0, "\(count)")
    }

    /// RFC 8439 §2.3.2, with its 20 rounds.
    @Test func theBlockFunctionIsChaCha() {
        let block = RandomBlocks.block(
            [
                RandomBlocks.constants[0], RandomBlocks.constants[1], RandomBlocks.constants[2], RandomBlocks.constants[3],
                0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c, 0x1312_1110, 0x1716_1514, 0x1b1a_1918, 0x1f1e_1d1c,
                0x0000_0001, 0x0900_0000, 0x4a00_0000, 0x0000_0000,
            ], rounds: 20)
        let expected: [UInt32] = [
            0xe4e7_f110, 0x1559_3bd1, 0x1fdd_0f50, 0xc471_20a3, 0xc7f4_d1c7, 0x0368_c033, 0x9aaa_2204, 0x4e6c_d4c3,
            0x4664_82d2, 0x09aa_9f07, 0x05d7_c214, 0xa202_8bd9, 0xd19c_12b5, 0xb94e_16de, 0xe883_d0cb, 0x4e3c_50a2,
        ]
        #expect(block.indices.map { block[$0] } == expected)
    }

    @Test func noBlockIsGivenOutTwice() {
        var source = SystemRandomNumberGenerator()
        var random = RandomBlocks(from: &source)
        var other = random
        let blocks = (0..<1000).map { _ in random.next() }
        #expect(Set(blocks).count == 1000)
        #expect((0..<1000).allSatisfy { other.next() == blocks[$0] }, "it does not depend on its key alone")
        var later = RandomBlocks(from: &source)
        #expect(!blocks.contains(later.next()))
    }
}

/// Answers everything.
private final class Refusal: FilterPlugin, RequestFilter {
    static let name = "refusal"
    private static let reason = ReplyReason("test.refused", "Refused", fault: .client, happened: "It is refused.", advice: "None.")
    init(_ options: FilterOptions) throws(ConfigurationError) {}
    func processRequest(_ request: inout Request) -> RequestDecision { .respond(Reply(403, Self.reason)) }
}

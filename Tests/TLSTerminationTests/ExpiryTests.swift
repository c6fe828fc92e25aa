import Foundation
import TLS
import TLSTermination
import Testing

@testable import FilterAPI
@testable import FilterTesting

/// What the operator is told of certificates that are running out.
@Suite struct ExpiryTests {
    @Test func `a certificate that expires soon is said at the start and each day, and shown`() throws {
        let folder = "\(NSTemporaryDirectory())/sluice-expiry-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // They are made for 397 days.
        _ = try DevelopmentCertificate.provide(in: folder, now: WallClock.seconds - 392 * 86_400)
        let path = "\(folder)/localhost.pem"
        let sections = try FilterHarness.sections([(TLSTermination.self, "certificate = \(path)")], [], onListener: true)
        let plugin = try #require(sections.first?.made as? any FilterPlugin)
        let system = TestSystem([:])
        let start: Int64 = 1_000_000_000_000
        let loops = [TestLoop(now: start), TestLoop(now: start)]
        let (sharing, files) = (SharedObjects(), SharedObjects())
        let filters = try loops.enumerated().map { index, loop in
            try plugin.makeFilter(
                on: LoopContext(
                    index: index, count: 2, section: "f0", clock: LoopClock(), sharing: sharing, state: LoopState(), apps: ["app"],
                    system: LoopSystem(system, files: files, services: loop) { $0() }))
        }
        let complaint = "sluice: [filter:f0]: `\(path)` expires on "
        #expect(system.complaints.count == 1 && system.complaints[0].hasPrefix(complaint))
        for day in 1...3 {
            for loop in loops { loop.runTimers(to: start + Int64(day) * 86_400_000_000_000) }
            #expect(system.complaints.count == 1 + day && system.complaints.allSatisfy { $0.hasPrefix(complaint) && $0.hasSuffix(": renew it") })
        }
        let lines = try #require(filters[0] as? any StatusReporter).statusLines
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("\(path): localhost, 127.0.0.1, ::1; ecdsa, until "))
        // Five days and no second more: after the first second four whole ones.
        #expect(lines[0].hasSuffix(" (5 days)") || lines[0].hasSuffix(" (4 days)"))
        #expect(lines[1] == "certificates taken over 0, not good 0")
    }
}

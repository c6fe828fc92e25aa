import Foundation
import TLS
import TLSTermination
import Testing

@testable import FilterAPI
@testable import FilterTesting

/// What becomes of certificates with time, and what the operator is told of it. Certificates are made for 397 days.
@Suite struct ExpiryTests {
    /// The filter with one certificate, on two loops whose clocks the test moves.
    private final class Site {
        let folder = "\(NSTemporaryDirectory())/sluice-expiry-\(UUID().uuidString)"
        let system = TestSystem([:])
        private let clocks = [LoopClock(), LoopClock()]
        private let start: Int64 = 1_000_000_000_000
        private let loops: [TestLoop]
        private var filters: [any Filter] = []
        private var minutes: Int64 = 0

        var path: String { "\(folder)/localhost.pem" }

        /// - Parameter age: days since the certificate was made.
        init(age: Int64) throws {
            loops = [TestLoop(now: start), TestLoop(now: start)]
            try put(age: age)
            let sections = try FilterHarness.sections([(TLSTermination.self, "certificate = \(path)")], [], onListener: true)
            let plugin = try #require(sections.first?.made as? any FilterPlugin)
            let (sharing, files) = (SharedObjects(), SharedObjects())
            for (index, loop) in loops.enumerated() {
                clocks[index].wallSeconds = WallClock.seconds
                let context = LoopContext(
                    index: index, count: 2, section: "f0", clock: clocks[index], sharing: sharing, state: LoopState(), apps: ["app"],
                    system: LoopSystem(system, files: files, services: loop) { $0() })
                filters.append(try plugin.makeFilter(on: context))
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        /// Puts another certificate into the place of the one before.
        func put(age: Int64) throws {
            try? FileManager.default.removeItem(atPath: path)
            _ = try DevelopmentCertificate.provide(in: folder, now: WallClock.seconds - age * 86_400)
            system.files[path] = .text("\(age)")
        }

        func pass(hours count: Int64) { pass(minutes: 60 * count) }

        func pass(minutes count: Int64) {
            for _ in 0..<count {
                minutes += 1
                for (clock, loop) in zip(clocks, loops) {
                    clock.wallSeconds += 60
                    loop.runTimers(to: start + minutes * 60_000_000_000)
                }
            }
        }

        func status() throws -> [String] { try #require(filters[0] as? any StatusReporter).statusLines }
    }

    @Test func `a certificate that expires soon is said at the start and each day, and shown`() throws {
        let site = try Site(age: 392)
        func isSaid(_ count: Int, _ word: String) -> Bool {
            site.system.complaints.count == count && site.system.complaints.allSatisfy { $0.hasPrefix("sluice: [filter:f0]: `\(site.path)` ") }
                && site.system.complaints[count - 1].contains(" \(word) on ") && site.system.complaints[count - 1].hasSuffix(": renew it")
        }
        #expect(isSaid(1, "expires"))
        site.pass(hours: 23)
        #expect(isSaid(1, "expires"))
        site.pass(hours: 1)
        #expect(isSaid(2, "expires"))
        site.pass(hours: 24 * 5)
        #expect(isSaid(7, "expired"))
        let lines = try site.status()
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("\(site.path): localhost, 127.0.0.1, ::1; ecdsa, until "))
        // Five days and no second more: after the first second four whole ones.
        #expect(lines[0].hasSuffix(" (5 days)") || lines[0].hasSuffix(" (4 days)"))
        #expect(lines[1] == "certificates taken over 0, not good 0")
    }

    @Test func `one that was put there before it is valid is taken within a minute of when it is`() throws {
        let site = try Site(age: 100)
        try site.put(age: -1)
        #expect(site.system.complaints.count == 1 && site.system.complaints[0].contains("is not valid before"), "\(site.system.complaints)")
        #expect(try site.status().dropFirst().prefix(2).map { $0.prefix(38) } == ["certificates taken over 0, not good 1", "not good: certificate 1 in `\(site.path)".prefix(38)])
        site.pass(hours: 20)
        #expect(try site.status()[1] == "certificates taken over 0, not good 1")
        // It is valid an hour before it was made, and seconds have passed.
        site.pass(minutes: 3 * 60 - 2)
        #expect(try site.status()[1] == "certificates taken over 0, not good 1")
        site.pass(minutes: 3)
        #expect(try site.status()[1...] == ["certificates taken over 1, not good 1"])
        #expect(site.system.complaints.count == 1)
    }
}

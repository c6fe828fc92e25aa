import CertificateForge
import Foundation
import TLS
import Testing

/// The certificate that is made where none is given, in a gateway that runs for years. It is made for 397 days, its authority for ten years.
@Suite struct DevelopmentTests {
    private let forge: Forge
    private let site: RenewalSite

    init() throws {
        forge = try Forge()
        site = try RenewalSite(forge, "development-directory = FOLDER/state")
    }

    private func served() throws -> [UInt8] { try #require(try site.connect("localhost", trust: .anyone).client.peerCertificate) }

    private func onDisk() throws -> [UInt8] {
        let lines = try forge.read("state/localhost.pem").split(separator: "\n").dropFirst().prefix { !$0.hasPrefix("-") }
        return Array(try #require(Data(base64Encoded: lines.joined())))
    }

    @Test func `is made anew while the gateway runs, a month before it expires`() throws {
        let first = try served()
        let authority = try forge.bytes("state/ca.pem")
        // What becomes of the directory does not matter until then: clients trust what is served.
        try FileManager.default.moveItem(atPath: forge.path("state"), toPath: forge.path("away"))
        site.pass(days: 366)
        site.pass(minutes: 2)
        #expect(try served() == first)
        try FileManager.default.moveItem(atPath: forge.path("away"), toPath: forge.path("state"))
        site.pass(days: 1)
        site.pass(minutes: 1)
        let second = try served()
        #expect(try second != first && second == onDisk())
        #expect(try forge.bytes("state/ca.pem") == authority)
        #expect(try site.counts() == ["certificates taken over 1, not good 0"])
        #expect(try site.status()[0].hasPrefix("\(forge.path("state/localhost.pem")): localhost, 127.0.0.1, ::1; ecdsa, until "))
        site.pass(days: 367)
        site.pass(minutes: 1)
        #expect(try served() != second)
        #expect(try site.counts() == ["certificates taken over 2, not good 0"])
        #expect(site.complaints.isEmpty, "\(site.complaints)")
    }

    @Test func `that it cannot be made is said once, and it is tried again`() throws {
        let first = try served()
        forge.protect("state", 0o777)
        site.pass(days: 380)
        site.pass(minutes: 3)
        #expect(try served() == first)
        #expect(site.complaints.count == 1 && site.complaints[0].contains("`\(forge.path("state"))` ") && site.complaints[0].contains("chmod 700"), "\(site.complaints)")
        #expect(try site.counts()[0] == "certificates taken over 0, not good 1" && site.counts()[1].contains("chmod 700"))
        forge.protect("state", 0o700)
        site.pass(minutes: 1)
        #expect(try served() != first)
        #expect(try site.counts() == ["certificates taken over 1, not good 1"])
        #expect(site.complaints.count == 1)
    }

    @Test func `an authority that has to be trusted anew is said`() throws {
        let authority = try forge.bytes("state/ca.pem")
        site.pass(days: 3650 - 397)
        site.pass(minutes: 1)
        #expect(try forge.bytes("state/ca.pem") != authority)
        #expect(try served() == onDisk())
        #expect(site.complaints.count == 1 && site.complaints[0].contains("has to trust \(forge.path("state/ca.pem")) now"), "\(site.complaints)")
        #expect(try site.counts() == ["certificates taken over 1, not good 0"])
    }
}

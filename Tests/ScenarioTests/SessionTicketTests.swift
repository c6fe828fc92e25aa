import Glibc
import Testing

/// Where sessions go on: on every loop, over a change of certificates, on machines that share keys; and where they must not.
@Suite(.enabled(if: Programs.isHereOrMustBe("openssl")))
struct SessionTicketTests {
    @Test(arguments: ServerNameTests.versions)
    func `a session goes on on every loop, and with another certificate`(version: String) throws {
        let authority = try TestAuthority()
        let live = "\(authority.folder)/live.pem"
        try replace(live, by: authority.issue("before", names: ["DNS:one.test"]).both)
        try TLSSite.run("certificate = \(live)", loops: 4) { s in
            let (client, session) = (try SecureClient(s, "one.test", [version]), "\(s.folder)/session")
            let first = try client.get(saving: session)
            #expect(first.status == 200 && !first.isResumed, "\(first)")
            // The kernel spreads connections over the loops: that one of four gets none of forty happens once in 25 000 times.
            for _ in 0..<40 {
                let answer = try client.get(session: session)
                #expect(answer.status == 200 && answer.isResumed, "\(answer)")
            }
            try replace(live, by: authority.issue("after", names: ["DNS:one.test"]).both)
            #expect(try wait { try client.get().subject == "after" })
            for _ in 0..<8 { #expect(try client.get(session: session).isResumed) }
        }
    }

    /// nginx's CVE-2025-23419: a session of a name that asks for nothing, shown to one that asks for a certificate.
    @Test(arguments: ServerNameTests.versions)
    func `a session of one name is none under another rule`(version: String) throws {
        let authority = try TestAuthority()
        let open = try authority.issue("open", names: ["DNS:open.test", "DNS:also.test"])
        let closed = try authority.issue("closed", names: ["DNS:closed.test"])
        let own = try authority.issue("client", names: ["DNS:client.test"])
        let rule = "client-certificate=required client-authorities=\(authority.certificate)"
        for lines in [[open.option, "\(closed.option) \(rule)"], ["\(closed.option) \(rule)", open.option]] {
            try TLSSite.run(lines.map { "certificate = \($0)" }.joined(separator: "\n")) { s in
                let session = "\(s.folder)/session"
                let opened = try SecureClient(s, "open.test", [version]).get(saving: session)
                #expect(opened.status == 200, "\(opened)")
                #expect(try SecureClient(s, "open.test", [version]).get(session: session).isResumed)
                let closedClient = try SecureClient(s, "closed.test", [version])
                let without = try closedClient.get(session: session)
                #expect(without.status == nil && !without.isResumed, "\(without)")
                let with = try closedClient.showing(own).get(session: session, saving: session)
                #expect(with.status == 200 && !with.isResumed, "\(with)")
                // Its own session shows what was shown; elsewhere it counts for nothing.
                let again = try closedClient.get(session: session)
                #expect(again.status == 200 && again.isResumed, "\(again)")
                let elsewhere = try SecureClient(s, "open.test", [version]).get(session: session)
                #expect(elsewhere.status == 200 && !elsewhere.isResumed, "\(elsewhere)")
            }
        }
    }

    @Test(arguments: ServerNameTests.versions)
    func `a session does not go on when other authorities sign clients' certificates`(version: String) throws {
        let (authority, before, after) = (try TestAuthority(), try TestAuthority(), try TestAuthority())
        let site = try authority.issue("site", names: ["DNS:site.test"])
        let (old, new) = (try before.issue("old", names: ["DNS:old.test"]), try after.issue("new", names: ["DNS:new.test"]))
        let authorities = "\(authority.folder)/clients.pem"
        try replace(authorities, by: text(contents(of: before.certificate) ?? []))
        try TLSSite.run("certificate = \(site.option)\nclient-certificate = required\nclient-authorities = \(authorities)") { s in
            let (client, session) = (try SecureClient(s, "site.test", [version]), "\(s.folder)/session")
            #expect(try client.showing(old).get(saving: session).status == 200)
            #expect(try client.get(session: session).isResumed)
            try replace(authorities, by: text(contents(of: after.certificate) ?? []))
            #expect(try wait { try client.showing(new).get().status == 200 })
            for shown in [client, client.showing(old)] {
                let answer = try shown.get(session: session)
                #expect(answer.status == nil && !answer.isResumed, "\(answer)")
            }
        }
    }

    @Test(arguments: ServerNameTests.versions)
    func `a session does not outlive the client's certificate`(version: String) throws {
        let authority = try TestAuthority()
        let site = try authority.issue("site", names: ["DNS:site.test"])
        try TLSSite.run("certificate = \(site.option)\nclient-certificate = required\nclient-authorities = \(authority.certificate)") { s in
            let (client, session) = (try SecureClient(s, "site.test", [version]), "\(s.folder)/session")
            let own = try authority.issue("client", names: ["DNS:client.test"], seconds: 5)
            #expect(try client.showing(own).get(saving: session).status == 200)
            let resumed = try client.get(session: session)
            #expect(resumed.status == 200 && resumed.isResumed, "\(resumed)")
            // Its end has come when it is no longer taken in a whole handshake.
            #expect(try wait { try client.showing(own).get().status == nil })
            #expect(try wait(upTo: .seconds(3)) { try client.get(session: session).status == nil })
        }
    }

    @Test(arguments: ServerNameTests.versions)
    func `gateways with the same keys go on with each other's sessions, as long as the key stands in the file`(version: String) throws {
        let authority = try TestAuthority()
        let site = try authority.issue("site", names: ["DNS:site.test"])
        func key(_ seed: Int) -> [UInt8] { pattern(80, from: seed * 1000) }
        func put(_ keys: [[UInt8]], into path: String) throws {
            let file = unsafe open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            let bytes = Array(keys.joined())
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            close(file)
            guard count == bytes.count else { throw ScenarioFailure("cannot write \(path)") }
            try Folder.move(path + ".new", to: path)
        }
        let keys = "\(authority.folder)/keys"
        try put([key(1)], into: keys)
        let tls = "certificate = \(site.option)\nticket-keys = \(keys)"
        try TLSSite.run(tls) { one in
            try TLSSite.run(tls) { other in
                let (first, second) = (try SecureClient(one, "site.test", [version]), try SecureClient(other, "site.test", [version]))
                let session = "\(one.folder)/session"
                let begun = try first.get(saving: session)
                #expect(try second.get(session: session).isResumed)
                try put([key(2), key(1)], into: keys)
                // A ticket begins with the name of its key.
                let name = try #require(begun.ticketKey)
                #expect(try wait { try first.get().ticketKey != name && second.get().ticketKey != name })
                #expect(try first.get(session: session).isResumed && second.get(session: session).isResumed)
                try put([key(2)], into: keys)
                #expect(try wait { try !second.get(session: session).isResumed })
            }
        }
    }
}

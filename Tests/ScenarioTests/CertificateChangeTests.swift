import Glibc
import Testing

/// Certificates that change under a running gateway. Files are looked at once a second.
@Suite(.enabled(if: Programs.isHereOrMustBe("openssl") && PythonPeer.isHereOrMustBe(PythonPeer.plain)))
struct CertificateChangeTests {
    @Test func `certificates change under load without one failed request`() throws {
        let authority = try TestAuthority()
        let (certificate, key) = ("\(authority.folder)/live.pem", "\(authority.folder)/live-key.pem")
        func put(_ subject: String) throws {
            let identity = try authority.issue(subject, names: ["DNS:site.test"])
            try replace(key, by: text(contents(of: identity.key) ?? []))
            try replace(certificate, by: text(contents(of: identity.certificate) ?? []))
        }
        try put("site-0")
        try TLSSite.run("certificate = \(certificate) key=\(key)", loops: 2) { s in
            let client = try SecureClient(s, "site.test")
            let stop = "\(s.folder)/stop"
            let python = try #require(PythonPeer.plain)
            let load = try Child([python, PythonPeer.path("tls_load.py"), "\(client.port)", authority.certificate, "site.test", stop])
            #expect(load.waitForOutput { $0.contains("started") })
            for number in 1...4 {
                try put("site-\(number)")
                #expect(try wait { try client.get().subject == "site-\(number)" })
            }
            try write("", to: stop)
            #expect(load.waitForEnd(upTo: .seconds(30)) == .exit(0))
            let output = text(load.stdout)
            #expect(!output.contains("failure"), "\(output)")
            let answered = output.split(separator: "\n").first { $0.hasPrefix("answered ") }.flatMap { Int($0.dropFirst(9)) } ?? 0
            #expect(answered >= 100, "\(output)")
            for number in 0...4 { #expect(output.contains("site-\(number)"), "\(output)") }
        }
    }

    /// What SIGUSR2 prints of the filter, which must have some text in it.
    private func status(_ s: Scenario, _ mark: String) throws -> String {
        s.gateway.process.signal(SIGUSR2)
        guard s.gateway.process.waitForErrors({ $0.contains(mark) }) else { throw ScenarioFailure("no `\(mark)`: \(s.gateway.errors)") }
        return s.gateway.errors.split(separator: "  [filter:tls]\n").last.map(String.init) ?? ""
    }

    /// What a file may hold that is not good, and a word of what is said of it.
    static let bad: [(what: String, word: String)] = [
        ("half written", "damaged"), ("for other names", "is not for `site.test`"), ("the key of another", "does not belong"), ("expired", "expired"), ("removed", "there is no file"), ("empty", "certificate"),
    ]

    @Test(arguments: bad.map(\.what))
    func `a pair that is not good is left out and said once, and taken when it is mended`(what: String) throws {
        let word = try #require(Self.bad.first { $0.what == what }).word
        let authority = try TestAuthority()
        let live = "\(authority.folder)/live.pem"
        let other = "\(authority.folder)/other.pem"
        let before = try authority.issue("before", names: ["DNS:site.test"])
        try replace(live, by: before.both)
        try replace(other, by: authority.issue("other-0", names: ["DNS:other.test"]).both)
        try TLSSite.run("certificate = \(live) name=site.test\ncertificate = \(other)") { s in
            let next = try authority.issue("next", names: ["DNS:site.test"])
            switch what {
            case "half written": try replace(live, by: String(next.both.dropLast(60)))
            case "for other names": try replace(live, by: authority.issue("next", names: ["DNS:other.test"]).both)
            case "the key of another": try replace(live, by: text(contents(of: next.certificate) ?? []) + text(contents(of: before.key) ?? []))
            case "expired": try replace(live, by: authority.issue("next", names: ["DNS:site.test"], isExpired: true).both)
            case "removed": try Folder.removeFile(live)
            default: try replace(live, by: "")
            }
            #expect(s.gateway.process.waitForErrors { $0.contains("still holds") })
            func complaints() -> Int { s.gateway.errors.split(separator: "\n").count { $0.contains("still holds") } }
            #expect(s.gateway.errors.contains(word) && s.gateway.errors.contains("live.pem"), "\(s.gateway.errors)")
            let site = try SecureClient(s, "site.test")
            #expect(try site.get().subject == "before")
            // Others change meanwhile, and nothing is said twice.
            try replace(other, by: authority.issue("other-1", names: ["DNS:other.test"]).both)
            #expect(try wait { try SecureClient(s, "other.test").get().subject == "other-1" })
            #expect(try site.get().subject == "before")
            #expect(complaints() == 1, "\(s.gateway.errors)")
            let now = try status(s, "certificates taken over 1, not good 1\n    not good: ")
            #expect(now.contains("    \(live): site.test; ecdsa, until ") && now.contains("    \(other): other.test; ecdsa, until "), "\(now)")
            try replace(live, by: next.both)
            #expect(try wait { try site.get().subject == "next" })
            #expect(complaints() == 1, "\(s.gateway.errors)")
            #expect(!(try status(s, "certificates taken over 2, not good 1\n")).contains("not good:"))
        }
    }

    @Test func `names that a new certificate does not have are said, unless another has them`() throws {
        let authority = try TestAuthority()
        let (live, other) = ("\(authority.folder)/live.pem", "\(authority.folder)/other.pem")
        try replace(live, by: authority.issue("before", names: ["DNS:site.test", "DNS:www.site.test", "DNS:a.sites.test"]).both)
        try replace(other, by: authority.issue("other", names: ["DNS:*.sites.test"]).both)
        try TLSSite.run("certificate = \(live)\ncertificate = \(other)") { s in
            try replace(live, by: authority.issue("next", names: ["DNS:site.test"]).both)
            let said = "the new certificate in `\(live)` is not for `www.site.test`, as the one before was, nor is another: clients that ask for it are refused"
            #expect(s.gateway.process.waitForErrors { $0.contains(said) }, "\(s.gateway.errors)")
            #expect(try SecureClient(s, "site.test").get().subject == "next")
        }
    }

    /// As certbot and Kubernetes do it: the path stays, and a link on the way is turned.
    @Test func `a link that is turned to other files is followed`() throws {
        let authority = try TestAuthority()
        for number in 0...1 {
            try Folder.make("\(authority.folder)/v\(number)")
            let identity = try authority.issue("site-\(number)", names: ["DNS:site.test"])
            try replace("\(authority.folder)/v\(number)/tls.crt", by: text(contents(of: identity.certificate) ?? []))
            try replace("\(authority.folder)/v\(number)/tls.key", by: text(contents(of: identity.key) ?? []))
        }
        let data = "\(authority.folder)/..data"
        try Folder.link(data, to: "v0")
        try TLSSite.run("certificate = \(data)/tls.crt key=\(data)/tls.key") { s in
            #expect(try SecureClient(s, "site.test").get().subject == "site-0")
            try Folder.link(data + ".new", to: "v1")
            try Folder.move(data + ".new", to: data)
            #expect(try wait { try SecureClient(s, "site.test").get().subject == "site-1" })
            #expect(!s.gateway.errors.contains("still holds"), "\(s.gateway.errors)")
        }
    }

    @Test func `at the start everything that is wrong with files is said, and nothing is served`() throws {
        let authority = try TestAuthority()
        let expired = try authority.issue(isExpired: true)
        let missing = "\(authority.folder)/missing.pem"
        try write(TLSSite.file("certificate = \(missing)\ncertificate = \(expired.option)"), to: "\(authority.folder)/gateway.conf")
        let (ending, output, errors) = try Child.run([Gateway.binary, "run", "\(authority.folder)/gateway.conf"])
        #expect(ending != .exit(0) && !output.contains("listening"))
        #expect(errors.contains("there is no file `\(missing)`") && errors.contains("expired"), "\(errors)")
    }
}

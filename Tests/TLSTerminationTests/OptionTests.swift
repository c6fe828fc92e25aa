@testable import FilterTesting
import FilterAPI
import TLSTermination
import Testing

/// What the options say, and what is said of those that are wrong. Their first line is line 11 of the file.
@Suite struct OptionTests {
    private func faults(_ options: String) -> String? {
        do throws(HarnessError) {
            _ = try FilterHarness.sections([(TLSTermination.self, options)], [], onListener: true)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        "", "certificate = a.pem", "certificate = a.pem\nprivate-key = a.key", "certificate = a.pem key=a.key", "certificate = a.pem\ncertificate = b.pem key=b.key",
        "client-certificate = optional\nclient-authorities = ca.pem", "certificate = a.pem client-certificate=required client-authorities=ca.pem",
        "client-certificate = required\nclient-authorities = ca.pem\ncertificate = a.pem\ncertificate = b.pem client-certificate=none",
        "client-certificate = required\nclient-authorities = ca.pem\ncertificate = a.pem\ncertificate = b.pem client-authorities=other.pem",
        "certificate = a.pem name=example.org name=*.example.org name=192.0.2.1 name=::1",
        "policy = modern\nstrict-sni = off\nhandshake-timeout = 1s", "ticket-lifetime = 60s", "ticket-lifetime = 1d", "ticket-keys = keys", "hsts = off", "hsts = 365d", "hsts = 60s",
        "development-directory = state",
    ])
    func `these are right`(_ options: String) {
        #expect(faults(options) == nil)
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let options: String
        let line: Int
        let message: String
        let help: String
        init(_ options: String, _ line: Int, _ message: String, help: String) { (self.options, self.line, self.message, self.help) = (options, line, message, help) }
        var testDescription: String { options }
    }

    @Test(arguments: [
        Wrong("private-key = a.key", 11, "`private-key` stands without a `certificate`", help: "add a line `certificate = …`"),
        Wrong(
            "certificate = a.pem\ncertificate = b.pem\nprivate-key = a.key", 13, "`private-key` could be of any of 2 certificates",
            help: "say it with the certificate: `certificate = … key=a.key`"),
        Wrong("certificate = a.pem key=a.key\nprivate-key = a.key", 12, "the key is said twice", help: "remove this line, or `key=`"),
        Wrong(
            "client-certificate = optional", 11, "`client-certificate` is optional, and nothing says who signs them",
            help: "add `client-authorities`, the file with the authorities' certificates"),
        Wrong(
            "client-certificate = required\ncertificate = a.pem", 11, "`client-certificate` is required, and nothing says who signs them",
            help: "add `client-authorities`"),
        Wrong(
            "certificate = a.pem\ncertificate = b.pem client-certificate=required", 12, "`client-certificate` is required, and nothing says who signs them",
            help: "add `client-authorities`"),
        Wrong(
            "client-authorities = ca.pem", 11, "`client-authorities` has no effect while clients show no certificates",
            help: "add `client-certificate`: `optional` or `required`"),
        Wrong(
            "certificate = a.pem client-certificate=none client-authorities=ca.pem", 11, "`client-authorities` has no effect",
            help: "add `client-certificate`"),
        Wrong("certificate = a.pem client-authorities=ca.pem", 11, "`client-authorities` has no effect", help: "add `client-certificate`"),
        Wrong("ticket-keys = keys\nticket-lifetime = 1h", 12, "keys of a file last as long as they stand in it", help: "remove this line, or `ticket-keys`"),
        Wrong(
            "development-directory = state\ncertificate = a.pem", 11, "no certificate for `localhost` is made where there is another",
            help: "remove this line, or `certificate`"),
        Wrong("client-certificate = requird\nclient-authorities = ca.pem", 11, "requird", help: "did you mean `required`?"),
        Wrong("policy = moderm", 11, "moderm", help: "did you mean `modern`?"), Wrong("hsts = 1s", 11, "`1s` is too short", help: "from 1m to 1095d, or `off`"),
        Wrong("ticket-lifetime = 2d", 11, "`2d` is too long", help: "from 1m to 1d"), Wrong("handshake-timeout = 0s", 11, "`0s`", help: "100ms"),
        Wrong("strict-sni = maybe", 11, "`maybe`", help: "`on` or `off`"), Wrong("certificate = a.pem ky=a.key", 11, "`ky`", help: "did you mean `key`?"),
        Wrong("certificate = a.pem name=example.org name=ex*mple.org", 11, "`ex*mple.org` is no name that a client could ask for", help: "name=example.org name=*.example.org"),
        Wrong("certificate = a.pem key=a.key key=b.key", 11, "`key`", help: ""),
    ])
    func `these are wrong, and it is said where and what to do`(_ wrong: Wrong) throws {
        let text = try #require(faults(wrong.options))
        #expect(text.contains("--> test.conf:\(wrong.line):"), "\(text)")
        #expect(text.contains(wrong.message) && text.contains(wrong.help), "\(text)")
    }

    @Test func `a pipeline has no place for it`() {
        #expect(throws: HarnessError.self) { try FilterHarness(TLSTermination.self) }
    }
}

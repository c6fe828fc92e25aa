import Testing

@testable import TLS

@Suite struct CertificateNameTests {
    @Test(arguments: ["example.org", "EXAMPLE.org", "*.example.org", "a_b.example.org", "localhost", "xn--bcher-kva.example", "1.example"])
    func takesWhatAClientCanMatch(_ text: String) {
        #expect(CertificateName(dns: Array(text.utf8)) == .dns(text.lowercased()))
    }

    @Test(arguments: [
        "", ".", "*", "example.org.", ".example.org", "a..b", "f*.example.org", "a.*.example.org", "**.example.org", "a b", "a\0b.org", "ü.example", "127.0.0.1",
        "a/b", String(repeating: "a", count: 64) + ".org", String(repeating: "a.", count: 127),
    ])
    func leavesOutWhatNobodyMatches(_ text: String) {
        #expect(CertificateName(dns: Array(text.utf8)) == nil)
    }

    @Test func addressesHaveFourOrSixteenBytes() {
        #expect(CertificateName(address: [127, 0, 0, 1]) == .address("127.0.0.1"))
        #expect(CertificateName(address: [UInt8](repeating: 0, count: 15) + [1]) == .address("::1"))
        #expect(CertificateName(address: [1, 2, 3]) == nil)
    }

    @Test func aStarStandsForOneLabel() {
        let star = CertificateName.dns("*.example.org")
        #expect(star.covers(.dns("a.example.org")))
        #expect(star.covers(star))
        #expect(!star.covers(.dns("a.b.example.org")))
        #expect(!star.covers(.dns("example.org")))
        #expect(!star.covers(.address("::1")))
        #expect(!CertificateName.dns("a.example.org").covers(star))
    }
}

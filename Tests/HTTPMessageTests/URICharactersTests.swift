import HTTPMessage
import Testing

@Suite struct URICharactersTests {
    /// RFC 3986 appendix A, written out.
    @Test func areThoseOfTheGrammar() {
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        let segment = unreserved.union("!$&'()*+,;=:@%".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(byte.isUnreservedCharacter == unreserved.contains(byte))
            #expect(byte.isPathCharacter == segment.union("/".utf8).contains(byte))
            #expect(byte.isQueryCharacter == segment.union("/?".utf8).contains(byte))
            #expect(byte.isURICharacter == segment.union("/?#[]".utf8).contains(byte))
            #expect(byte.isTargetCharacter == ((0x21...0x7E).contains(byte) && byte != UInt8(ascii: "#")))
        }
    }
}

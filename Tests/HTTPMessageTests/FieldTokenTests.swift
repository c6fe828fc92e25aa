import Buffers
import HTTPMessage
import Testing

@Suite struct FieldTokenTests {
    private func token(_ name: String) -> FieldToken {
        let bytes = Array("::\(name)::".utf8)
        return FieldToken.named(bytes.span, ByteRange(start: 2, count: name.utf8.count))
    }

    private func token(_ bytes: [UInt8]) -> FieldToken { FieldToken.named(bytes.span, ByteRange(start: 0, count: bytes.count)) }

    @Test func findsEveryNameInAnyLetterCase() {
        for expected in FieldToken.allCases where expected != .unknown {
            let name = "\(expected.name)"
            #expect(!name.isEmpty)
            for spelling in [name, name.lowercased(), name.uppercased()] { #expect(token(spelling) == expected, "\(spelling)") }
        }
    }

    @Test func findsNothingElse() {
        for known in FieldToken.allCases where known != .unknown {
            let name = "\(known.name)"
            #expect(token(name + "x") == .unknown && token("x" + name) == .unknown && token(String(name.dropLast())) == .unknown)
            var bytes = Array(name.utf8)
            for index in bytes.indices {
                // Every other token character in its place makes another name.
                for byte in UInt8(0x21)...0x7E where byte.isTokenCharacter && byte.asciiLowercased != bytes[index].asciiLowercased {
                    let kept = bytes[index]
                    bytes[index] = byte
                    #expect(token(bytes) != known)
                    bytes[index] = kept
                }
            }
        }
        #expect(token("") == .unknown && token(String(repeating: "a", count: 300)) == .unknown)
    }

    @Test func fitsASetOf128() {
        #expect(FieldToken.allCases.allSatisfy { $0.rawValue < 128 })
    }

    @Test func setsHoldWhatWasPutIn() {
        for token in FieldToken.allCases {
            var set = TokenSet()
            #expect(set.isEmpty && !set.contains(token))
            set.insert(token)
            #expect(FieldToken.allCases.filter(set.contains) == [token])
            #expect(TokenSet().adding(token) == set && TokenSet(arrayLiteral: token) == set && !set.isEmpty)
            set.remove(token)
            #expect(set.isEmpty)
        }
        let both = TokenSet.hopByHop.union(.forwarding)
        for token in FieldToken.allCases {
            #expect(both.contains(token) == (TokenSet.hopByHop.contains(token) || TokenSet.forwarding.contains(token)))
        }
    }
}

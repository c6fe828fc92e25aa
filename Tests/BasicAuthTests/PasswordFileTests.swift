import FilterAPI
import Testing

@testable import BasicAuth

@Suite struct PasswordFileTests {
    private static let good = BasicAuthTests.hashes["a"]!

    private func fault(_ content: FileContent) -> ConfigurationError? {
        do throws(ConfigurationError) {
            _ = try PasswordFile(content, "/u")
            return nil
        } catch {
            return error
        }
    }

    @Test func readsLinesOfAnyMake() throws {
        let file = try PasswordFile(.text("\n# x:y\na b:\(Self.good) \r\n\r\nc:\(Self.good)"), "/u")
        #expect(file.hashes.keys.map { String(decoding: $0, as: UTF8.self) }.sorted() == ["a b", "c"])
    }

    @Test(arguments: [
        ("a:\(good)\nb:$apr1$abcd$wdPjgnTArUvGHPa0JgcKo.", "`/u`, line 2: the password of `b` is kept as MD5, which is not safe"),
        ("a:$1$abcd$wdPjgnTArUvGHPa0JgcKo.", "`/u`, line 1: the password of `a` is kept as MD5, which is not safe"),
        ("a:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "`/u`, line 1: the password of `a` is kept as SHA-1 without a salt, which is not safe"),
        ("a:{SSHA}x", "`/u`, line 1: the password of `a` is kept as an LDAP hash, which is not safe"),
        ("a:abJnggxhB/yWI", "`/u`, line 1: the password of `a` is kept as DES, which is not safe"),
        ("a:secret", "`/u`, line 1: the password of `a` is plain text, or a hash that is not known here"),
        ("a:", "`/u`, line 1: the password of `a` is plain text, or a hash that is not known here"),
        ("a:$2y$04$tooshort", "`/u`, line 1: the hash of `a` is a malformed bcrypt hash"),
        ("a:$2x$04$QT1LjbqZiX8sIfGa8rpjaOxL3B.QPlPTf2QdI4Dqy.bGrfXAxBMV6", "`/u`, line 1: the hash of `a` is a malformed bcrypt hash"),
        ("a:$2y$15$QT1LjbqZiX8sIfGa8rpjaOxL3B.QPlPTf2QdI4Dqy.bGrfXAxBMV6", "`/u`, line 1: checking the hash of `a` would take too long: a cost above 14"),
        ("a:$2y$32$QT1LjbqZiX8sIfGa8rpjaOxL3B.QPlPTf2QdI4Dqy.bGrfXAxBMV6", "`/u`, line 1: the hash of `a` is a malformed bcrypt hash"),
        (
            "a:$5$rounds=1000001$6gu5cOug2KOsfAEc$ycHDBYiLmwLREBjJD/FVVSck.cTlh81aVMhJYwYPDR3",
            "`/u`, line 1: checking the hash of `a` would take too long: more than 1000000 rounds"
        ),
        ("a:$5$rounds=9$6gu5cOug2KOsfAEc$ycHDBYiLmwLREBjJD/FVVSck.cTlh81aVMhJYwYPDR3", "`/u`, line 1: the hash of `a` is a malformed SHA-256 hash"),
        ("a:$6$salt$short", "`/u`, line 1: the hash of `a` is a malformed SHA-512 hash"),
        (
            "a:$y$jCT$z8k3yyJls8EhHjHCxY/540$E8nbP3zAR0DnaR5WG9tWWAaXWgrtLutkU/NWiXq5ed5",
            "`/u`, line 1: checking the hash of `a` would take too long: more than 64 MiB of memory"
        ),
        ("a:$y$j9T$x", "`/u`, line 1: the hash of `a` is a malformed yescrypt hash"),
        ("a", "`/u`, line 1: no `NAME:HASH`"), (":\(good)", "`/u`, line 1: the name has 0 bytes"), (" a:\(good)", "`/u`, line 1: the name has control characters, or blanks around it"),
        ("a\u{1}:\(good)", "`/u`, line 1: the name has control characters, or blanks around it"),
        (String(repeating: "a", count: 256) + ":\(good)", "`/u`, line 1: the name has 256 bytes"),
        ("a:\(good)\n\na:\(good)", "`/u`, line 3: the user `a` stands in line 1 too"), ("# nobody\n", "`/u` has no users"), ("", "`/u` has no users"),
    ])
    func refusesWhatIsNotSafe(_ text: String, _ message: String) {
        let error = fault(.text(text))
        #expect(error?.message == message)
        #expect(error?.option == "users-file")
    }

    @Test(arguments: [(FileContent.missing, "there is no file `/u`"), (.unreadable("Permission denied"), "`/u` cannot be read: Permission denied")])
    func theFileMustBeThere(_ content: FileContent, _ message: String) {
        #expect(fault(content)?.message == message)
    }

    @Test func strangersAreComparedWithTheCostliestHash() throws {
        let costly = "$2b$05$yQQNFKmyE6YfBSP2Y/lBh.jYJwC1yYDgXpB.uBSIXyAL6tsaOGOty"
        #expect(try PasswordFile(.text("a:\(Self.good)\nb:\(costly)\nc:\(BasicAuthTests.hashes["sha256"]!)\n"), "/u").costliest.text == costly)
    }

    /// The first three of the reference's vectors, and one with a whole word in it.
    @Test(arguments: [(0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"), (2, "8177228da4a45dc7fca38bdef60affe4"), (15, "5493e99933b0a8117e08ec0f97cfc3d9")])
    func theKeyedHashIsSipHash(_ count: Int, _ expected: String) {
        let hash = KeyedHash(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        let bytes = (0..<count).map { UInt8($0) }
        let (low, high) = hash.of(bytes.span)
        let hex = [low, high].map { word in
            (0..<8).map { index in
                let text = String(word >> UInt64(8 * index) & 0xFF, radix: 16)
                return text.count == 1 ? "0" + text : text
            }.joined()
        }.joined()
        #expect(hex == expected)
    }
}

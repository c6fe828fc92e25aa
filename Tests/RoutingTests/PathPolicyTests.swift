import Routing
import Testing

@Suite struct PathPolicyTests {
    @Test(arguments: [
        "/", "/a", "/images", "/images/", "/index.html", "/.well-known/acme-challenge/x", "/a/...", "/a/.b", "/a/b.", "/a..b/c",
        "/~user/_x-y", "/a/b@c:d&e=f+g,h$i!j'k(l)m*n", "/a|b", "/[x]", "/{id}", "/\"quoted\"", "/%7Euser", "/100%25", "/%41dmin",
        "/caf%C3%A9", "/caf%E9", "/a%2520b", "/a;v=1/b", "/a%3Bb", "//a", "/a//b", "/a///", "/%3Fx", "/%23x", "/a%20b", "/.../..x/x..",
    ])
    func isAccepted(_ path: String) {
        guard case .accepted = PathPolicy().examine(path) else {
            Issue.record("\(PathPolicy().examine(path))")
            return
        }
    }

    @Test(arguments: [
        ("", .notAbsolute), ("a/b", .notAbsolute), ("*", .notAbsolute), ("%2Fa", .notAbsolute), ("http://a/b", .notAbsolute),
        ("/a b", .forbiddenByte), ("/a\tb", .forbiddenByte), ("/a\0", .forbiddenByte), ("/a\u{7F}", .forbiddenByte),
        ("/caf\u{E9}", .forbiddenByte), ("/a?b", .forbiddenByte), ("/a#b", .forbiddenByte), ("/\r\n", .forbiddenByte),
        ("/%", .malformedEscape), ("/%4", .malformedEscape), ("/%zz", .malformedEscape), ("/%u002e", .malformedEscape),
        ("/a%%32%65", .malformedEscape), ("/a/%g0/b", .malformedEscape),
        ("/.", .dotSegment), ("/..", .dotSegment), ("/./", .dotSegment), ("/../", .dotSegment), ("/a/../b", .dotSegment),
        ("/a/./b", .dotSegment), ("/a/..", .dotSegment), ("/%2e%2e/a", .dotSegment), ("/%2E./a", .dotSegment), ("/.%2e", .dotSegment),
        ("/a/%2e/b", .dotSegment), ("/..;/a", .dotSegment), ("/a/..;x=y/b", .dotSegment), ("/.;a", .dotSegment),
        ("/..%3b/a", .dotSegment), ("/..%3Bx", .dotSegment), ("/%252e%252e/a", .dotSegment), ("/%25252e%252E", .dotSegment),
        ("/..%252f..", .dotSegment), ("/a/..%255cb", .dotSegment), ("//..//a", .dotSegment),
        ("/a%2fb", .escapedSeparator), ("/a%2Fb", .escapedSeparator), ("/a%5cb", .escapedSeparator), ("/%5C", .escapedSeparator),
        ("/a\\b", .backslash), ("/..\\a", .backslash), ("/\\a", .backslash),
        ("/a%00", .escapedControl), ("/a%0d%0aX", .escapedControl), ("/%7f", .escapedControl), ("/a%09b", .escapedControl),
        ("/%c0%ae%c0%ae/a", .overlongCharacter), ("/a%C0%AFb", .overlongCharacter), ("/%e0%80%af", .overlongCharacter),
        ("/%f0%80%80%af", .overlongCharacter), ("/%c1%9c", .overlongCharacter),
        ("/;/a", .emptyName), ("/a/;x=1/b", .emptyName), ("/%3b/a", .emptyName), ("/;", .emptyName), ("//;x/a", .emptyName),
    ] as [(String, PathFault)])
    func isRefused(_ path: String, _ fault: PathFault) {
        // One string's bytes are Latin-1 here, so that a raw byte outside ASCII can be written.
        let bytes = path.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        #expect(PathPolicy().examine(bytes.span) == .refused(fault))
    }

    @Test(arguments: [
        ("/group%2Fproject", true), ("/a%5Cb", true), ("/api/queues/%2F/x", true), ("/@scope%2fname", true),
        ("/a%2f..%2fb", false), ("/..%2fb", false), ("/a%2f..", false), ("/%2e%2e%5cb", false), ("/a\\b", false), ("/a%00", false),
    ])
    func escapedSeparatorsMayBeAllowed(_ path: String, _ passes: Bool) {
        guard case .accepted(let shape) = PathPolicy(allowsEscapedSeparators: true).examine(path) else {
            #expect(!passes)
            return
        }
        #expect(passes)
        #expect(shape.hasEscapedSeparator)
    }

    @Test(arguments: ["/a/b", "/a%2Db", "/a%252Fb", "/a;v=1/b", "/a%255Cb", "/%2e%2e%41"])
    func onlyAnEscapedSeparatorIsNotedAsOne(_ path: String) {
        guard case .accepted(let shape) = PathPolicy(allowsEscapedSeparators: true).examine(path) else {
            Issue.record("refused")
            return
        }
        #expect(!shape.hasEscapedSeparator)
    }

    @Test func aFaultInAnyPlaceIsFound() {
        // The quick scan reads words: every offset in a word, and every border between two.
        for fault in ["%2e%2e/", "/./", "/../", "\\", "#", "?", "\u{7F}", " ", "\u{1}", "\u{80}", "\u{FF}", "%", "/..", "/."] {
            let bytes = fault.unicodeScalars.map { UInt8($0.value) }
            for before in 0..<26 {
                for after in 0..<18 where !fault.hasSuffix(".") || after == 0 {
                    if fault.hasPrefix("%2e"), before > 0 { continue }
                    let path = [0x2F] + [UInt8](repeating: 0x61, count: before) + bytes + [UInt8](repeating: 0x7A, count: after)
                    guard case .refused = PathPolicy().examine(path.span) else {
                        Issue.record("accepted \(fault.debugDescription) behind \(before) and before \(after) letters")
                        return
                    }
                }
            }
        }
    }

    @Test func everyPlainByteIsPlain() {
        for byte in 0x21...0x7E as ClosedRange<UInt8> where !"%#?;\\./".utf8.contains(byte) {
            for count in 1..<20 {
                let path = [0x2F] + [UInt8](repeating: byte, count: count)
                guard case .accepted(let shape) = PathPolicy().examine(path.span), shape.isPlain else {
                    Issue.record("byte \(byte)")
                    return
                }
            }
        }
    }

    @Test func onlyAPlainPathIsReadAsPlain() {
        for (path, isPlain) in [("/.well-known/x", true), ("/a/.b/c", true), ("//a", false), ("/a;b", false), ("/%61", false), ("/a/", true)] {
            guard case .accepted(let shape) = PathPolicy().examine(path) else {
                Issue.record("\(path) is refused")
                return
            }
            #expect(shape.isPlain == isPlain, "\(path)")
        }
    }
}

/// How apps of different make read a path. Written without the module under test.
package enum AppReading: CaseIterable {
    /// Splits, decodes, leaves out empty segments, takes parameters off: servlet containers.
    case splitsFirst
    /// Decodes, splits at slashes, takes parameters off.
    case decodesFirst
    /// Decodes, takes backslashes for slashes, resolves dot segments, takes parameters off.
    case resolves
    /// Takes what stands behind two leading slashes for a host: apps that parse the target as a URL reference.
    case knowsAuthority

    package func segments(_ path: String) -> [String] {
        switch self {
        case .splitsFirst: Self.named(path.split(separator: "/").map { Self.decoded(String($0.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)[0])) })
        case .decodesFirst: Self.named(Self.decoded(path).split(separator: "/").map(String.init))
        case .resolves: Self.resolved(Self.decoded(path).map { $0 == "\\" ? "/" : $0 })
        case .knowsAuthority:
            path.hasPrefix("//")
                ? AppReading.splitsFirst.segments(path.drop { $0 == "/" }.split(separator: "/", maxSplits: 1).dropFirst().joined())
                : AppReading.splitsFirst.segments(path)
        }
    }

    private static func named(_ segments: [String]) -> [String] {
        segments.map { String($0.prefix { $0 != ";" }) }.filter { !$0.isEmpty }
    }

    private static func resolved(_ path: [Character]) -> [String] {
        var result: [String] = []
        for name in named(String(path).split(separator: "/").map(String.init)) where name != "." {
            if name == ".." { _ = result.popLast() } else { result.append(name) }
        }
        return result
    }

    /// One round of percent decoding; bytes become characters one by one, so that nothing is lost to repair.
    private static func decoded(_ text: String) -> String {
        var result = ""
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                rest = rest.dropFirst(2)
                result.unicodeScalars.append(Unicode.Scalar(value))
            } else {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return result
    }
}

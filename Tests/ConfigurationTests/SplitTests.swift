import Configuration
import Foundation
import FuzzChecks
import Testing

/// Where a file is cut into parts, and how its lines end, makes no difference.
@Suite struct SplitTests {
    private static let names = Golden.names(in: "accepted").filter { $0 != "include" }

    private func plan(_ text: String, files: [String: String] = [:]) -> (dump: String?, report: String) {
        let (plan, diagnostics) = load(text, files: files, environment: sampleEnvironment)
        // Only the places of sections and routes differ.
        let dump = plan?.dump.split(separator: "\n").map { $0.split(separator: "  # ")[0] }.joined(separator: "\n")
        return (dump, diagnostics.text())
    }

    @Test(arguments: names)
    func cutsBetweenSectionsChangeNothing(_ name: String) throws {
        let text = try String(contentsOf: Golden.folder.appending(path: "accepted/\(name).conf"), encoding: .utf8)
        let whole = plan(text)
        #expect(whole.dump != nil)
        let lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where line.hasPrefix("[") && !line.contains("]/") && !line.contains("]:") {
            let head = lines[..<index].joined(separator: "\n")
            let tail = lines[index...].joined(separator: "\n")
            let cut = plan(head + "\ninclude = tail.conf\n", files: ["tail.conf": tail])
            #expect(cut == whole)
            let turned = plan("include = head.conf\n" + tail, files: ["head.conf": head])
            #expect(turned == whole)
        }
    }

    @Test(arguments: names)
    func lineEndsChangeNothing(_ name: String) throws {
        let text = try String(contentsOf: Golden.folder.appending(path: "accepted/\(name).conf"), encoding: .utf8)
            .replacing("\r\n", with: "\n")
        #expect(plan(text) == plan(text.replacing("\n", with: "\r\n")))
        #expect(plan(text) == plan("\n\n# more\n" + text + "\n# the end, without a line end"))
    }

    /// A list on one line, on lines of its own, and with comments between is the same list.
    @Test func continuationsAreOneValue() {
        func servers(_ value: String) -> String {
            "[listener:l]\nlisten = 127.0.0.1:80\nserve = a\n[app:a]\nservers =" + value + "\nmax-idle = 1\n"
        }
        let whole = plan(servers(" a:1 b:2 c:3"))
        #expect(whole.dump?.contains("a:1 b:2 c:3") == true)
        for value in [
            " a:1\n b:2\n c:3", "\n a:1 b:2\n\tc:3", " a:1 # one\n  # between\n\n  b:2   c:3 # last", "   a:1\tb:2\t\tc:3  ", " \"a:1\" b:2\n   \"c:3\"",
            "a:1\n    b:2 c:3", "\nservers = a:1\nservers = b:2 c:3",
        ] {
            if value.hasPrefix("\nservers") {
                #expect(plan(servers("").replacing("servers =\n", with: String(value.dropFirst()) + "\n")) == whole)
            } else {
                #expect(plan(servers(value)) == whole, "\(value)")
            }
        }
    }
}

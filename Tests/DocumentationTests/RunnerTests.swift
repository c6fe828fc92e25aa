import Foundation
import Testing

/// The runner of the examples can tell right from wrong.
@Suite struct RunnerTests {
    @Test func outputsAreCompared() {
        #expect(ExpectedOutput(lines: ["a", "b"]).matches("a\nb\n"))
        #expect(!ExpectedOutput(lines: ["a", "b"]).matches("a\n"))
        #expect(!ExpectedOutput(lines: ["a"]).matches("a\nb\n"))
        #expect(ExpectedOutput(lines: []).matches(""))
        #expect(!ExpectedOutput(lines: []).matches("a\n"))
        #expect(ExpectedOutput(lines: ["a", "...", "z"]).matches("a\nb\nc\nz\n"))
        #expect(ExpectedOutput(lines: ["a", "...", "z"]).matches("a\nz\n"))
        #expect(!ExpectedOutput(lines: ["a", "...", "z"]).matches("a\nb\n"))
        #expect(ExpectedOutput(lines: ["date: ... GMT"]).matches("date: Mon GMT\r\n"))
        #expect(!ExpectedOutput(lines: ["date: ... GMT"]).matches("date: Mon UTC\n"))
        #expect(ExpectedOutput.lineMatches("a...b...c", "a1b2c") && !ExpectedOutput.lineMatches("a...b...c", "a1c2b"))
        #expect(ExpectedOutput.lineMatches("...", "anything") && ExpectedOutput.lineMatches("", ""))
        #expect(!ExpectedOutput.lineMatches("a", "ab"))
    }

    @Test func blocksAreFound() throws {
        let document = Document(path: "x.md", text: "text\n```ini gateway.conf\n[gateway]\n```\n\n```console\n$ a \\\n  b\nout\n$ c &\n```\n")
        #expect(document.blocks.map(\.language) == ["ini", "console"])
        #expect(document.blocks[0].words == ["ini", "gateway.conf"])
        #expect(document.blocks[0].text == "[gateway]\n")
        let steps = try Step.steps(of: document.blocks[1])
        #expect(steps.map(\.command) == ["a \\\n  b", "c &"])
        #expect(steps.map(\.output) == [["out"], []])
        #expect(steps.map(\.line) == [7, 10])
        #expect(steps.map(\.isInBackground) == [false, true])
        #expect(throws: Step.NoCommand.self) {
            try Step.steps(of: Document.Block(words: ["console"], line: 1, lines: ["out"]))
        }
    }

    @Test func aShellKeepsItsStateAndItsOutputApart() throws {
        let terminal = try Terminal()
        defer { #expect(throws: Never.self) { try terminal.close() } }
        #expect(terminal.run("cd bin; X=5") { $1 } == "")
        #expect(terminal.run("echo $X; pwd | grep -c /bin; echo oops >&2") { $1 } == "5\n1\noops\n")
        #expect(terminal.run("(sleep 30; echo late) &") { $1 } == "")
    }

    @Test func partsOfAConfigAreCompleted() {
        #expect(Frame.completed("[listener:web]\n") == "[listener:web]\n")
        #expect(Frame.completed("[app:store]\n").contains("serve = store"))
        #expect(Frame.completed("[app:store]\n[router:site]\n").contains("serve = site"))
        #expect(Frame.completed("[gateway]\n").contains("[app:example]"))
        let router = Frame.completed("[router:site]\n# a = x\n/ = web\n/a = web strip-prefix\nb.org/ = store\n[app:store]\nhost = c\n")
        #expect(router.contains("[app:web]") && router.contains("serve = site"))
        #expect(!router.contains("[app:x]") && !router.contains("[app:c]") && router.components(separatedBy: "[app:").count == 3)
    }

    @Test func portsAreReplaced() {
        let ports = Ports()
        let replaced = ports.replaced(in: "127.0.0.1:8080 18080 80801 http://x:9292/")
        #expect(!replaced.contains(":8080 ") && !replaced.contains(":9292/"))
        #expect(replaced.contains(" 18080 80801 "))
    }
}

import Foundation
import Testing

/// Every example of the documentation is run. A block ```` ```console ```` holds commands (`$ …`) and what they print; a block
/// ```` ```ini ```` a config. A block with a second word behind its language is saved under that name for the commands behind it.
@Suite struct ExampleTests {
    @Test(arguments: Document.all) func examplesWork(_ document: Document) throws {
        let ports = Ports()
        guard document.blocks.contains(where: { ["console", "ini"].contains($0.language) }) else { return }
        let terminal = try Terminal()
        defer { #expect(throws: Never.self) { try terminal.close() } }
        for block in document.blocks {
            switch block.language {
            case "ini": try check(block, of: document, in: terminal, ports)
            case "console": try run(block, of: document, in: terminal, ports)
            default: if block.words.count > 1 { try terminal.write(ports.replaced(in: block.text), to: block.words[1]) }
            }
        }
    }

    private func check(_ block: Document.Block, of document: Document, in terminal: Terminal, _ ports: Ports) throws {
        let name = block.words.count > 1 ? block.words[1] : "example-\(block.line).conf"
        let source = block.words.count > 1 ? block.text : Frame.completed(block.text)
        try terminal.write(ports.replaced(in: source), to: name)
        var output = ""
        let wait = terminal.run("sluice check '\(name)'; echo \"status $?\"") { text, ended in
            output = text
            return ended
        }
        #expect(wait.hasSuffix("status 0\n"), "\(document.path):\(block.line): \(output)")
        #expect(!output.contains("warning[pipeline."), "\(document.path):\(block.line): \(output)")
    }

    private func run(_ block: Document.Block, of document: Document, in terminal: Terminal, _ ports: Ports) throws {
        for step in try Step.steps(of: block) {
            let expected = ExpectedOutput(lines: step.output.map(ports.replaced(in:)))
            let output = terminal.run(ports.replaced(in: step.command)) { output, ended in
                (ended || step.isInBackground) && expected.matches(output) || (ended && !step.isInBackground)
            }
            // What comes behind a step that failed would fail, too.
            try #require(
                expected.matches(output),
                """
                \(document.path):\(step.line): $ \(step.command)
                printed:
                \(output)
                instead of:
                \(expected.lines.joined(separator: "\n"))
                """)
        }
    }
}

/// One command of a console block and what it prints.
struct Step {
    var command: String
    var line: Int
    var output: [String] = []

    var isInBackground: Bool { command.hasSuffix("&") && !command.hasSuffix("&&") }

    struct NoCommand: Error {}

    static func steps(of block: Document.Block) throws -> [Step] {
        var steps: [Step] = []
        var goesOn = false
        for (index, line) in block.lines.enumerated() {
            if goesOn {
                steps[steps.count - 1].command += "\n" + line
            } else if line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2)), line: block.line + 1 + index))
            } else {
                guard !steps.isEmpty else { throw NoCommand() }
                steps[steps.count - 1].output.append(line)
            }
            goesOn = line.hasSuffix("\\")
        }
        return steps
    }
}

/// Completes a part of a config to one that can be checked: with demo apps for the destinations that it only names, and with a
/// listener that serves what it defines.
enum Frame {
    static func completed(_ part: String) -> String {
        var whole = part
        let defined = part.matches(of: /(?m)^\[([a-z]+):([a-z-]+)\]/).map { (kind: String($0.output.1), name: String($0.output.2)) }
        for name in destinations(of: part) where !defined.contains(where: { $0.name == name }) {
            whole += "\n[app:\(name)]\nuse = echo\n"
        }
        guard !defined.contains(where: { $0.kind == "listener" }) else { return whole }
        let served = ["router", "pipeline", "app"].lazy.compactMap { kind in defined.first { $0.kind == kind }?.name }.first
        if served == nil { whole += "\n[app:example]\nuse = echo\n" }
        return whole + "\n[listener:example]\nlisten = 127.0.0.1:8080\nserve = \(served ?? "example")\n"
    }

    /// The first words behind `=` in the sections of routers, each once.
    private static func destinations(of part: String) -> [String] {
        var names: [String] = []
        var isRouter = false
        for line in part.split(separator: "\n") {
            if line.hasPrefix("[") { isRouter = line.hasPrefix("[router:") }
            guard isRouter, let match = line.firstMatch(of: /^[^#\s][^=]*= *([a-z-]+)/) else { continue }
            let name = String(match.output.1)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}

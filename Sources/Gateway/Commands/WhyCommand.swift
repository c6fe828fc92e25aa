import ArgumentParser

/// `sluice why [CODE]`
struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Explain a reason code.",
        discussion: """
            Every response that the gateway or a filter makes by itself carries a reason code: in the field Gateway-Reason, in its \
            problem body and in the access log. Without a code all of them are listed; with the beginning of one, those \
            that begin so.
            """
    )

    @Argument(help: ArgumentHelp("The reason code, or its beginning: upstream.connect.refused, upstream.", valueName: "code"))
    var code: String?

    @Option(help: ArgumentHelp("The file of a plug-in, whose reasons then count, too.", valueName: "file"))
    var plugin: [String] = []

    @Flag(help: "Print all codes as the page docs/reasons.md.")
    var markdown = false

    func validate() throws {
        if markdown && code != nil { throw ValidationError("--markdown prints all codes: leave the code out.") }
    }

    func run() throws {
        let reasons = KnownReason.all(KnownFilters.registry(with: try plugin.map(PluginFile.filter)))
        if markdown { return print(ReasonPage.markdown(reasons), terminator: "") }
        guard let code else { return print(ReasonText.list(reasons), terminator: "") }
        switch ReasonText.find(code, among: reasons) {
        case .reason(let reason): print(ReasonText.explanation(of: reason), terminator: "")
        case .several(let reasons): print(ReasonText.list(reasons), terminator: "")
        case .none(let nearest):
            let hint = nearest.map { " Did you mean \($0)?" } ?? " `sluice why` lists them\(plugin.isEmpty ? "; those of a plug-in want `--plugin FILE`" : "")."
            throw ValidationError("There is no reason code '\(code)'.\(hint)")
        }
    }
}

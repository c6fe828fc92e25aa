import ArgumentParser
import Configuration
import FilterAPI

/// `sluice check [FILE]`
struct CheckCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a config: print every error and warning, open nothing.",
        discussion: "Ends with status 2 if there are errors. Warnings alone are status 0."
    )

    @Argument(help: ArgumentHelp("The config.", valueName: "file"))
    var file = "gateway.conf"

    @ArgumentParser.Option(help: "text for people, or json: one array of objects.")
    var format = Format.text

    func run() throws {
        let (plan, diagnostics) = Configuration.load(
            path: file, files: KernelFiles(), environment: KernelFiles.environment(), filters: KnownFilters.schemas)
        switch format {
        case .json: print(diagnostics.json, terminator: "")
        case .text:
            print(diagnostics.text(color: Terminal.takesColor(1)), terminator: "")
            if let plan { print("\(file): \(Self.summary(of: plan))") }
        }
        if plan == nil { throw ExitStatus.configInvalid.exitCode }
    }

    /// What the config sets up, in one line.
    static func summary(of plan: Plan) -> String {
        func count(_ number: Int, _ one: String) -> String { "\(number) \(one)\(number == 1 ? "" : "s")" }
        let routes = plan.routers.reduce(0) { $0 + $1.routes.count }
        let parts = [count(plan.listeners.count, "listener"), count(routes, "route"), count(plan.apps.count, "app")]
        return "no errors; " + parts.joined(separator: ", ")
    }
}

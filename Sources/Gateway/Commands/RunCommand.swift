import ArgumentParser
import Configuration
import FilterAPI

/// `sluice run [FILE]`
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Serve what a config file says.",
        discussion: """
            Prints one line a listener when it really accepts connections. SIGTERM and SIGINT let what is in flight finish, a second \
            one ends at once; SIGUSR1 opens the access log again, SIGUSR2 prints counters on stderr.
            """)

    @Argument(help: "The config file.")
    var file = "gateway.conf"

    func run() throws {
        let (plan, diagnostics) = Configuration.load(
            path: file, files: KernelFiles(), environment: KernelFiles.environment(), filters: KnownFilters.schemas)
        throw serve(plan, diagnostics).exitCode
    }
}

/// `sluice proxy --listen ADDRESS --to URL…`
struct ProxyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy", abstract: "Serve one app without a config file.",
        discussion: "Everything but the addresses has its default (see docs/options.md).")

    @ArgumentParser.Option(help: "Where to listen: `127.0.0.1:8080`, `*:8080`, `unix:/run/sluice.sock`.")
    var listen: String

    @ArgumentParser.Option(parsing: .upToNextOption, help: "The app's servers: `http://127.0.0.1:3000`, `localhost:3000`, `https://app.internal`, `h2://127.0.0.1:50051`, `unix:/run/app.sock`.")
    var to: [String]

    func run() throws {
        let (plan, diagnostics) = Plan.quick(listen: listen, to: to)
        throw serve(plan, diagnostics).exitCode
    }
}

/// Prints what was found, and serves unless something is an error.
private func serve(_ plan: Plan?, _ diagnostics: [Diagnostic]) -> ExitStatus {
    if !diagnostics.isEmpty { complain(diagnostics.text(color: Terminal.takesColor(2)), terminator: "") }
    guard let plan else { return .configInvalid }
    GatewayProcess.run(GatewaySettings(plan)).endProcess()
}

import ArgumentParser
import Configuration
import EventLoops
import FilterAPI

/// `sluice explain [FILE] -X METHOD URL`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what becomes of a request, and which lines of the config say so.",
        usage: "sluice explain [<file>] [-X <method>] <url> [-H <field> …] [--from <address>] [--listener <name>] [--format <format>]",
        discussion: """
            The request runs through the code that serves, up to the app, with everything sent left out: no name is looked up, no app \
            is connected to, nobody is asked, and no share of a limit is used up.
            """)

    @Argument(help: ArgumentHelp("The config, gateway.conf if left out, and the URL.", valueName: "file> <url"))
    var words: [String]

    @ArgumentParser.Option(name: [.customShort("X"), .customLong("request")], help: ArgumentHelp("The method.", valueName: "method"))
    var method = "GET"

    @ArgumentParser.Option(
        name: [.customShort("H"), .customLong("header")],
        help: ArgumentHelp("A field of the request: 'Name: value'. `Host:` alone leaves Host out.", valueName: "field"))
    var fields: [String] = []

    @ArgumentParser.Option(help: ArgumentHelp("The client's address; `unix` for a socket file. A client on this machine if left out.", valueName: "address"))
    var from: String?

    @ArgumentParser.Option(help: ArgumentHelp("The listener that it comes to. Found by the URL's port if left out.", valueName: "name"))
    var listener: String?

    @ArgumentParser.Option(help: "text for people, or json: one object.")
    var format = CheckCommand.Format.text

    func validate() throws {
        guard (1...2).contains(words.count) else { throw ValidationError("Give at most one config and one URL.") }
    }

    func run() throws {
        let file = words.count == 2 ? words[0] : "gateway.conf"
        let (plan, text, diagnostics) = Configuration.loadWithText(
            path: file, files: KernelFiles(), environment: KernelFiles.environment(), filters: KnownFilters.schemas)
        guard let plan else {
            complain(diagnostics.text(color: Terminal.takesColor(2)), terminator: "")
            throw ExitStatus.configInvalid.exitCode
        }
        do throws(ExplainFault) {
            let request = try ExplainedRequest(method: method, url: words[words.count - 1], fields: fields)
            let plugins = plan.filters.compactMap { ($0.made as? any FilterPlugin).map { type(of: $0) as any FilterPlugin.Type } }
            let reporter = RequestReporter(plan: plan, text: text, reasons: KnownReason.all(KnownFilters.registry(with: plugins)))
            let report = try reporter.report(on: request, listener: listener, from: try address())
            print(format == .json ? report.json : ReportText.write(report, isColored: Terminal.takesColor(1)), terminator: "")
        } catch {
            switch error {
            case .usage(let message): throw ValidationError(message)
            case .failed(let message):
                complain("sluice: \(message)")
                throw ExitStatus.failed.exitCode
            }
        }
    }

    private func address() throws(ExplainFault) -> SocketAddress? {
        guard let from else { return nil }
        if from == "unix" { return RequestReporter.unixClient }
        guard let address = SocketAddress.parse(from, port: 0) else { throw .usage("'\(from)' is not an IP address.") }
        return address
    }
}

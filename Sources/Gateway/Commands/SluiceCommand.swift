import ArgumentParser
import FilterAPI

/// The command line of the gateway.
public struct SluiceCommand: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "A reverse-proxy gateway.",
        discussion: ExitStatus.table,
        version: Version.text,
        subcommands: [
            RunCommand.self, CheckCommand.self, ExplainCommand.self, ProxyCommand.self, FiltersCommand.self, PluginCommand.self, WhyCommand.self,
            VersionCommand.self,
        ]
    )

    public init() {}

    /// Reads the command line of this process and does what it says. Ends the process, but after a command that succeeded.
    ///
    /// - Parameter filters: the kinds of filters that are built in.
    public static func start(filters: [any FilterPlugin.Type]) {
        KnownFilters.set(filters)
        main()
    }
}

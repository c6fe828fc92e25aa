import ArgumentParser

/// `sluice plugin`
struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Make filters of your own: new, test, build.",
        discussion: """
            A plug-in is a Swift package that becomes a file; `use = ./libNAME.so` in a config loads it. It is built for one Sluice: another \
            version refuses it until it is built again.
            """,
        subcommands: [New.self, Test.self, Build.self, SDK.self])

    /// Does what a command does, and says why it could not.
    private static func run(_ work: () throws(PluginFailure) -> Void) throws {
        do throws(PluginFailure) {
            try work()
        } catch {
            complain("sluice: \(error)")
            throw ExitStatus.failed.exitCode
        }
    }

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new", abstract: "Write the package of a new filter: one that works, with its tests.")

        @Argument(help: ArgumentHelp("The filter's name: lower-case words with dashes. Also the folder's.", valueName: "name"))
        var name: String

        func run() throws {
            try PluginCommand.run { () throws(PluginFailure) in
                let package = PluginPackage(name: try PluginName(name, registry: KnownFilters.registry))
                guard !FileTree.exists(name) else { throw PluginFailure("\(name) is there already: nothing was written") }
                for file in package.files {
                    let path = "\(name)/\(file.path)"
                    try FileTree.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
                    try FileTree.write(file.text, to: path)
                    say("  \(path)")
                }
                say("next: cd \(name); sluice plugin test; sluice plugin build; sluice run")
            }
        }
    }

    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "build", abstract: "Build the plug-in of a package: libNAME.so, for this Sluice.")

        @Argument(help: ArgumentHelp("The package's folder.", valueName: "dir"))
        var folder = "."

        func run() throws {
            try PluginCommand.run { () throws(PluginFailure) in
                for file in try PluginBuild(folder).build() { say("\(folder == "." ? "" : folder + "/")\(file): a plug-in for \(PluginLoader.ownStamp)") }
            }
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "test", abstract: "Run the tests of a plug-in's package; no gateway is needed.")

        @Argument(help: ArgumentHelp("The package's folder.", valueName: "dir"))
        var folder = "."

        @ArgumentParser.Option(help: "Only the tests whose names match (a regular expression).")
        var filter: String?

        func run() throws {
            try PluginCommand.run { () throws(PluginFailure) in try PluginBuild(folder).test(filter: filter) }
        }
    }

    struct SDK: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sdk", abstract: "Print the folder that plug-ins of this Sluice are compiled against.")

        @ArgumentParser.Option(help: ArgumentHelp("Copy it there, for an installation.", valueName: "dir"))
        var into: String?

        func run() throws {
            try PluginCommand.run { () throws(PluginFailure) in
                let sdk = try PluginSDK.find()
                if let into { try sdk.copy(to: into) } else { say(sdk.folder) }
            }
        }
    }
}

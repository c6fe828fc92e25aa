import Foundation
import PackagePlugin

/// Writes into the module that uses it which filter interface the program has: a hash over the sources of FilterAPI and of all that comes
/// with it, and the compiler. A plug-in that was built for another is not loaded.
@main struct InterfaceStamp: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        guard let interface = context.package.targets.first(where: { $0.name == "FilterAPI" }) else { throw NoInterface() }
        let sources = ([interface] + interface.recursiveTargetDependencies).map(\.directoryURL).flatMap(Self.files).sorted { $0.path < $1.path }
        let output = context.pluginWorkDirectoryURL.appending(path: "InterfaceStamp.swift")
        let compiler = try context.tool(named: "swiftc").url
        return [
            .buildCommand(
                displayName: "Hash of the filter interface", executable: URL(filePath: "/bin/sh"),
                arguments: ["-euc", Self.script, "sh", output.path, compiler.path] + sources.map(\.path), inputFiles: sources + [compiler],
                outputFiles: [output])
        ]
    }

    private struct NoInterface: Error {}

    private static let script = """
        output=$1 compiler=$2
        shift 2
        hash=$(cat -- "$@" | sha256sum | cut -c 1-16)
        version=$("$compiler" --version 2>/dev/null | sed -n 's/.*Swift version \\(.*[^ ]\\) *$/\\1/p' | head -n 1)
        cat >"$output" <<end
        enum InterfaceStamp {
            static let interface = "$hash"
            static let compiler = "$version"
        }
        end
        """

    private static func files(in folder: URL) -> [URL] {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        return found.filter { ["swift", "c", "h", "modulemap"].contains($0.pathExtension) }
    }
}

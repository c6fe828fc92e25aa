import Configuration
import FilterAPI

/// The file of a plug-in that the command line names.
enum PluginFile {
    /// Its filter. Says what is wrong with the file, and ends the command with status 1.
    static func filter(of path: String) throws -> any FilterPlugin.Type {
        do throws(PluginFault) {
            return try PluginLoader.plugin(at: path)
        } catch {
            complain("sluice: \(error.text(path))")
            throw ExitStatus.failed.exitCode
        }
    }
}

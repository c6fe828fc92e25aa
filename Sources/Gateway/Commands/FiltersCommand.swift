import ArgumentParser
import Configuration
import FilterAPI

/// `sluice filters [NAME|FILE]`
struct FiltersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filters",
        abstract: "List the filters, or print the options of one.",
        discussion: "docs/filters.md says how they run, Plugins/<Name>/README.md what each does."
    )

    @Argument(help: ArgumentHelp("The filter's name, or the path of a plug-in, as `use =` gives it.", valueName: "name"))
    var name: String?

    @Flag(help: "Print the page docs/filters/NAME.md; without a name, its index.")
    var markdown = false

    func run() throws {
        let registry = KnownFilters.registry
        guard let name else { return print(markdown ? FilterPage.index(registry) : FilterText.list(registry), terminator: "") }
        if name.contains("/") || name.hasSuffix(".so") {
            return print(FilterText.table(try PluginFile.filter(of: name), file: name), terminator: "")
        }
        guard let plugin = registry[name] else {
            let near = nearestName(to: name, among: registry.all.map { $0.name })
            let hint = near.map { " Did you mean \($0)?" } ?? " `sluice filters` lists them; a plug-in is named by its file, such as ./lib\(name).so."
            throw ValidationError("There is no filter '\(name)'.\(hint)")
        }
        print(markdown ? FilterPage.markdown(plugin) : FilterText.table(plugin), terminator: "")
    }
}

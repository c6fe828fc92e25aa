import Configuration
import FilterAPI
import HTTPMessage

/// Filters and their options as texts for a terminal, at most 80 columns wide where words allow it.
enum FilterText {
    /// One line a filter: name and summary.
    static func list(_ registry: FilterRegistry) -> String {
        let width = registry.all.map { $0.name.utf8.count }.max() ?? 0
        return registry.all.map { plugin in
            plugin.name + String(repeating: " ", count: width - plugin.name.utf8.count) + "  \(plugin.summary)\n"
        }.joined()
    }

    /// All that a filter says of itself.
    ///
    /// - Parameter file: of a plug-in.
    static func table(_ plugin: any FilterPlugin.Type, file: String? = nil) -> String {
        var text = "\(plugin.name)\n" + (plugin.summary.isEmpty ? "" : ReasonText.wrapped(plugin.summary))
        let options = plugin.allOptions.options
        text += options.isEmpty ? "\nIt has no options.\n" : "\nOptions of a section with `use = \(file ?? plugin.name)`:\n"
        for option in options {
            text += "\n" + entry(option, option.name, indent: 2)
            for attribute in option.attributes { text += "\n" + entry(attribute, "\(attribute.name)=", indent: 6) }
        }
        guard !plugin.reasons.isEmpty else { return text }
        text += "\nReasons for which it answers by itself (`sluice why CODE\(file.map { " --plugin \($0)" } ?? "")` explains them):\n\n"
        let width = plugin.reasons.map(\.code.utf8CodeUnitCount).max() ?? 0
        for reason in plugin.reasons {
            text += "  \(reason.code)" + String(repeating: " ", count: width - reason.code.utf8CodeUnitCount) + "  \(reason.title)\n"
        }
        return text
    }

    private static func entry(_ option: Option, _ title: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        let standard = option.standard.map { "; default `\($0)`" } ?? (option.isRequired ? "; required" : "")
        return "\(margin)\(title)  \(option.typeText)\(standard)\n" + ReasonText.wrapped(option.meaning, indent: indent + 4)
    }
}

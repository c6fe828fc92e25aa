/// Why a `sluice plugin` command could not do what it was asked; in words.
struct PluginFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

import Configuration
import FilterAPI
import Synchronization

/// The kinds of filters that this program has: said once, when it starts.
enum KnownFilters {
    private static let held = Mutex(FilterRegistry())

    static var registry: FilterRegistry { held.withLock { $0 } }

    /// They, and those of plug-ins.
    static var schemas: FilterSchemas { registry.schemas(load: PluginLoader.load) }

    /// The registry with filters of plug-ins in it, as far as their names are not taken.
    static func registry(with plugins: [any FilterPlugin.Type]) -> FilterRegistry {
        var all = registry.all
        for plugin in plugins where !all.contains(where: { $0.name == plugin.name }) { all.append(plugin) }
        return FilterRegistry(all)
    }

    static func set(_ plugins: [any FilterPlugin.Type]) { held.withLock { $0 = FilterRegistry(plugins) } }
}

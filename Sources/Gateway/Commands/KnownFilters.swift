import Configuration
import FilterAPI
import Synchronization

/// The kinds of filters that this program has: said once, when it starts.
enum KnownFilters {
    private static let held = Mutex(FilterRegistry())

    static var registry: FilterRegistry { held.withLock { $0 } }

    /// They, and those of plug-ins.
    static var schemas: FilterSchemas { registry.schemas(load: PluginLoader.load) }

    static func set(_ plugins: [any FilterPlugin.Type]) { held.withLock { $0 = FilterRegistry(plugins) } }
}

import FilterAPI
import Synchronization

/// The kinds of filters that this program has: said once, when it starts.
enum KnownFilters {
    private static let held = Mutex(FilterRegistry())

    static var registry: FilterRegistry { held.withLock { $0 } }

    static func set(_ plugins: [any FilterPlugin.Type]) { held.withLock { $0 = FilterRegistry(plugins) } }
}

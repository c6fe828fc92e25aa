// unsafe: a reference that passes through a C function as an integer

/// What the entry point of a plug-in's file gives the gateway: which filter is in it.
///
/// ```swift
/// @c(sluice_plugin) public func sluicePlugin() -> PluginEntry { Greeting.pluginEntry }
/// ```
public typealias PluginEntry = UInt

extension FilterPlugin {
    /// For the entry point of a file that holds this filter. It is asked for once, when the file was loaded, and never given back: what is
    /// loaded stays until the process ends.
    public static var pluginEntry: PluginEntry { unsafe UInt(bitPattern: Unmanaged.passRetained(EnteredPlugin(self)).toOpaque()) }
}

/// The filter behind an entry.
package final class EnteredPlugin {
    package let plugin: any FilterPlugin.Type

    init(_ plugin: any FilterPlugin.Type) { self.plugin = plugin }

    /// - Parameter entry: what `pluginEntry` gave, in the same process; 0 is nothing.
    package static func behind(_ entry: PluginEntry) -> EnteredPlugin? {
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: entry) else { return nil }
        return unsafe Unmanaged<EnteredPlugin>.fromOpaque(pointer).takeRetainedValue()
    }
}

import PluginImage

extension PluginStamp {
    /// What a plug-in must have been built for, to be loaded into this program.
    static var own: PluginStamp {
        #if DEBUG
        let build = "debug"
        #else
        let build = "release"
        #endif
        return PluginStamp(version: Version.text, interface: InterfaceStamp.interface, compiler: InterfaceStamp.compiler, build: build)
    }
}

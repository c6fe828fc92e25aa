// unsafe: the system's loader, and the entry point that it finds
import CPlatform
import Configuration
import FilterAPI
import Glibc
import PluginImage

/// Loads plug-ins into this process. What a file is and for whom it was built is read from its bytes first, because the system's loader
/// runs code of the file. Nothing is ever unloaded: types, and objects of them, may be anywhere.
struct PluginLoader {
    /// The C function by which a plug-in says which filter it has.
    static let entrySymbol = "sluice_plugin"
    /// The descriptor of the protocol FilterPlugin: a file that defines it has brought a second one.
    private static let interfaceSymbol = "$s9FilterAPI0A6PluginMp"
    /// Larger files are not read. In bytes.
    private static let mostBytes = 1 << 30

    /// In words, for messages.
    static var ownStamp: String { PluginStamp.own.description }

    /// - Parameter path: with a slash in it.
    static func load(_ path: String) -> Result<LoadedFilter, PluginFault> {
        do throws(PluginFault) {
            let (plugin, status) = try loaded(path)
            return .success(
                LoadedFilter(
                    name: plugin.name, schema: plugin.allOptions, make: FilterRegistry.maker(plugin),
                    isConnectionFilter: plugin.place != .pipeline, isSecuring: plugin.place == .secureListener,
                    identity: "\(status.st_dev):\(status.st_ino)", openPart: openPart(path, status)))
        } catch {
            return .failure(error)
        }
    }

    /// The filter of a file that the command line names.
    static func plugin(at path: String) throws(PluginFault) -> any FilterPlugin.Type {
        // Without a slash the system's loader would look into folders of its own.
        try loaded(path.utf8.contains(UInt8(ascii: "/")) ? path : "./" + path).plugin
    }

    private static func loaded(_ path: String) throws(PluginFault) -> (plugin: any FilterPlugin.Type, status: stat) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw errno == ENOENT ? .missing : .unreadable(unsafe String(cString: strerror(errno))) }
        // Reading a pipe or a device might never end.
        guard status.st_mode & S_IFMT == S_IFREG else { throw .format(status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file") }
        guard status.st_size <= mostBytes else { throw .format("larger than 1 GiB") }
        try check(try image(path))
        if let reason = obstacle { throw .unsupported(reason) }
        return (try plugin(in: path), status)
    }

    /// Reads a file as a plug-in's, without loading it.
    static func image(_ path: String) throws(PluginFault) -> PluginImage {
        let bytes: [UInt8]
        do throws(FileFailure) {
            bytes = try KernelFiles(readLimit: mostBytes).read(path)
        } catch {
            throw error.isMissing ? .missing : .unreadable(error.message)
        }
        do throws(PluginImage.Fault) {
            return try PluginImage(bytes)
        } catch {
            switch error {
            case .format(let what): throw .format(what)
            case .machine(let file, let own): throw .machine(file: file, own: own)
            }
        }
    }

    /// Whether a file is a plug-in for this program.
    static func check(_ image: PluginImage) throws(PluginFault) {
        switch image.stamp {
        case .none: throw .noStamp
        case .unknown: throw .stamp(file: "a Sluice whose stamp this one cannot read", own: PluginStamp.own.description)
        case .found(let stamp) where stamp != .own: throw .stamp(file: stamp.description, own: PluginStamp.own.description)
        case .found: break
        }
        if image.defines(interfaceSymbol) { throw .ownInterface }
        guard image.defines(entrySymbol) else { throw .noEntry(entrySymbol) }
    }

    private static func plugin(in path: String) throws(PluginFault) -> any FilterPlugin.Type {
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else { throw .load(unsafe String(cString: dlerror())) }
        guard let symbol = unsafe dlsym(handle, entrySymbol) else { throw .noEntry(entrySymbol) }
        let entry = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> PluginEntry).self)
        guard let entered = EnteredPlugin.behind(entry()) else { throw .load("its entry point `\(entrySymbol)` names no filter") }
        if let mistake = entered.plugin.mistake { throw .schema(mistake) }
        return entered.plugin
    }

    /// Why this program cannot load plug-ins; nil if it can. There may be one Swift runtime and one FilterAPI in a process, and a plug-in
    /// must find both.
    static var obstacle: String? {
        guard let own = unsafe sluice_image_with_symbol(interfaceSymbol) else { return "this program was linked without `--export-dynamic`" }
        guard let runtime = unsafe sluice_image_with_symbol("swift_retain"), unsafe runtime != own else {
            return "the Swift runtime is linked into this program (`--static-swift-stdlib`)"
        }
        return nil
    }

    /// What of a plug-in's file anybody may change.
    private static func openPart(_ path: String, _ status: stat) -> String? {
        if status.st_mode & S_IWOTH != 0 { return "the file" }
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        var folder = stat()
        guard unsafe stat(dirname(real), &folder) == 0, folder.st_mode & S_IWOTH != 0, folder.st_mode & S_ISVTX == 0 else { return nil }
        return "its folder"
    }
}

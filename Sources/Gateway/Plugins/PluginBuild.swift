import Buffers
import Configuration
import PluginImage

/// The package of a plug-in, and what is built of it.
struct PluginBuild {
    /// The package's folder.
    let folder: String
    private let sdk: PluginSDK

    /// Checks that everything is there that building needs, and links the package to the SDK. Errors: what is missing.
    init(_ folder: String) throws(PluginFailure) {
        self.folder = folder
        guard FileTree.exists(folder + "/Package.swift") else {
            throw PluginFailure("there is no package in \(folder): `sluice plugin new NAME` makes one")
        }
        if let reason = PluginLoader.obstacle { throw PluginFailure("this Sluice loads no plug-ins: \(reason)") }
        try PluginSDK.checkCompiler()
        sdk = try PluginSDK.find()
        try FileTree.link(folder + "/.sluice-sdk", to: sdk.folder)
    }

    /// Where the package manager puts what it makes. It does not see when what it links was replaced, so each SDK has a place of its own.
    private var scratch: String {
        var hash = ByteHash()
        for byte in "\(sdk.folder) \(FileTree.changeTime(sdk.folder + "/stamp") ?? 0)".utf8 { hash.add(UInt64(byte)) }
        return folder + "/.build/sluice-" + String(hash.value, radix: 16)
    }

    /// Builds for release, and puts each plug-in file that comes out beside Package.swift.
    ///
    /// - Returns: the names of the files.
    func build() throws(PluginFailure) -> [String] {
        try run(["build", "-c", "release"])
        var made: [String] = []
        for file in KernelFiles().match(scratch + "/release/lib*.so").sorted() {
            let name = String(file.split(separator: "/").last ?? "")
            do throws(PluginFault) {
                let image = try PluginLoader.image(file)
                // The library of a package that this one depends on.
                guard image.defines(PluginLoader.entrySymbol) else { continue }
                _ = try PluginLoader.plugin(at: file)
            } catch {
                throw PluginFailure(error.text(name))
            }
            try FileTree.copy(file, to: folder + "/" + name, mode: 0o777)
            made.append(name)
        }
        guard !made.isEmpty else {
            throw PluginFailure("the package makes no dynamic library with the entry point `\(PluginLoader.entrySymbol)`: compare it with `sluice plugin new example`")
        }
        return made
    }

    /// Runs the package's tests. Errors: one failed, or they do not compile.
    func test(filter: String?) throws(PluginFailure) {
        try run(["test", "--disable-xctest"] + (filter.map { ["--filter", $0] } ?? []))
    }

    private func run(_ arguments: [String]) throws(PluginFailure) {
        let status = try OtherProgram.run(["swift"] + arguments[..<1] + ["--package-path", folder, "--scratch-path", scratch] + arguments[1...])
        guard status == 0 else { throw PluginFailure("`swift \(arguments[0])` failed, status \(status)") }
    }
}

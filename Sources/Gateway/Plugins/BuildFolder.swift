import Configuration
import PluginImage

/// The package manager's build folder that a program lies in: `.build/release` of a clone.
struct BuildFolder {
    let path: String

    /// FilterAPI, FilterTesting, and what they import.
    private static let modules = ["Buffers", "Configuration", "FilterAPI", "FilterTesting", "HTTP1", "HTTPMessage", "Pipeline"]
    private static let cModules = ["CBytes"]
    /// What only tests of plug-ins need.
    private static let testingModules: Set<String> = ["FilterTesting", "HTTP1", "Pipeline"]

    private func module(_ name: String) -> String { "\(path)/Modules/\(name).swiftmodule" }

    var hasModules: Bool { FileTree.exists(module("FilterAPI")) }

    /// What an SDK is made of that may be newer than the program.
    var sources: [String] { Self.modules.map(module) + testingObjects }

    /// FilterTesting's object files; and what the compiler writes about them, which alone is new where it found that nothing changes.
    private var testingObjects: [String] {
        ["o", "priors", "dia"].flatMap { KernelFiles().match("\(path)/FilterTesting.build/*.\($0)") }
    }

    /// Makes an SDK of what was built. Errors: something is missing, or was built after the program.
    func makeSDK(_ folder: String, for program: String) throws(PluginFailure) {
        try checkTimes(program)
        let draft = "\(folder).new"
        _ = try OtherProgram.run(["rm", "-rf", "--", draft])
        try FileTree.makeFolder(draft + "/modules")
        for name in Self.modules {
            try FileTree.copy(module(name), to: "\(draft)/modules/\(name).swiftmodule")
            // What editors show of each declaration.
            try FileTree.copy("\(path)/Modules/\(name).swiftdoc", to: "\(draft)/modules/\(name).swiftdoc")
        }
        for name in Self.cModules { try copyHeaders(name, to: "\(draft)/modules/\(name)") }
        var objects = Self.cModules.flatMap { KernelFiles().match("\(path)/\($0).build/*.o") }
        for name in Self.modules { objects += try objectFiles(name) }
        guard try OtherProgram.run(["ar", "rcsD", draft + "/libFilterTesting.a"] + objects) == 0 else {
            throw PluginFailure("`ar` failed: it is in the package binutils")
        }
        try compileStamp(draft)
        try FileTree.write(PluginStamp.own.text, to: draft + "/stamp")
        try FileTree.replaceFolder(folder, by: draft)
    }

    /// Those that the module has now: files of sources that are gone stay where they are.
    private func objectFiles(_ name: String) throws(PluginFailure) -> [String] {
        let map = String(decoding: try FileTree.read("\(path)/\(name).build/output-file-map.json"), as: UTF8.self)
        return map.split(separator: "\"").filter { $0.hasSuffix(".swift.o") }.map(String.init)
    }

    /// Each part is built by itself, and nothing but its time says whether it is of the same sources.
    private func checkTimes(_ program: String) throws(PluginFailure) {
        let built = FileTree.changeTime(program) ?? 0
        let advice = "build Sluice as a whole: `make build` or `make debug`"
        let tested = testingObjects.compactMap(FileTree.changeTime).max() ?? 0
        for name in Self.modules {
            guard let time = FileTree.changeTime(module(name)) else { throw PluginFailure("\(module(name)) is missing: \(advice)") }
            if Self.testingModules.contains(name) { continue }
            // The stamp is the program's, and must not be put on what it was not built with.
            guard time <= built else { throw PluginFailure("\(module(name)) was built after \(program): \(advice)") }
            guard time <= tested else { throw PluginFailure("\(module(name)) was built after FilterTesting: \(advice)") }
        }
    }

    /// The headers of a C module, from where its module map says that they are.
    private func copyHeaders(_ name: String, to folder: String) throws(PluginFailure) {
        let map = String(decoding: try FileTree.read("\(path)/\(name).build/module.modulemap"), as: UTF8.self)
        let quoted = map.split(separator: "\"", omittingEmptySubsequences: false)
        guard quoted.count >= 3 else { throw PluginFailure("\(path)/\(name).build/module.modulemap names no headers") }
        let headers = KernelFiles().match("\(quoted[1])/*.h")
        guard !headers.isEmpty else { throw PluginFailure("there are no headers in \(quoted[1])") }
        try FileTree.makeFolder(folder)
        var own = "module \(name) {\n"
        for header in headers {
            let file = header.split(separator: "/").last ?? ""
            try FileTree.copy(header, to: "\(folder)/\(file)")
            own += "    header \"\(file)\"\n"
        }
        try FileTree.write(own + "    export *\n}\n", to: folder + "/module.modulemap")
    }

    private func compileStamp(_ folder: String) throws(PluginFailure) {
        let text = PluginStamp.own.text
        let bytes = text.utf8.map { "\($0)" }.joined(separator: ",")
        let owner = PluginStamp.noteOwner
        let source = """
            /* An ELF note (elf(5)): which Sluice a plug-in was built for. */
            __attribute__((section(".note.sluice"), used, aligned(4))) static const struct {
                unsigned owner_size, text_size, type;
                char owner[\((owner.utf8.count + 4) / 4 * 4)];
                unsigned char text[\((text.utf8.count + 3) / 4 * 4)];
            } stamp = {\(owner.utf8.count + 1), \(text.utf8.count), \(PluginStamp.noteType), "\(owner)", {\(bytes)}};

            """
        try FileTree.write(source, to: folder + "/stamp.c")
        let compiler = ["clang", "gcc", "cc"].first(where: OtherProgram.exists) ?? "cc"
        guard try OtherProgram.run([compiler, "-c", "-fPIC", folder + "/stamp.c", "-o", folder + "/stamp.o"]) == 0 else {
            throw PluginFailure("`\(compiler)` cannot compile \(folder)/stamp.c")
        }
    }
}

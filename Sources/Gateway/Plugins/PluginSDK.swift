// unsafe: the path of this program
import Glibc
import PluginImage

/// What plug-ins are compiled and tested against: a folder with the modules of the filter interface, the stamp, and FilterTesting.
///
/// ```
/// stamp               the stamp in words: it must be this program's
/// stamp.o             the same as an ELF note, linked into plug-ins
/// modules/            what `import FilterAPI` and `import FilterTesting` read
/// libFilterTesting.a  linked into tests: there is no gateway in them that has its code
/// ```
struct PluginSDK {
    /// From `/` on.
    let folder: String

    /// The SDK of this program: `lib/sluice/sdk` beside the `bin` that it was installed in; or one that is made here, of what is beside it
    /// in the package manager's build folder.
    static func find() throws(PluginFailure) -> PluginSDK {
        let program = try ownPath()
        let beside = String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)])
        let installed = beside + "/../lib/sluice/sdk"
        if FileTree.exists(installed + "/stamp") {
            let stamp = PluginStamp(text: try FileTree.read(installed + "/stamp"))
            guard stamp == .own else {
                throw PluginFailure(
                    """
                    \(try FileTree.real(installed)) belongs to another Sluice than \(program):
                      the folder: \(stamp?.description ?? "an unknown stamp")
                      this is:    \(PluginStamp.own)
                    install both together: `make install`
                    """)
            }
            return PluginSDK(folder: try FileTree.real(installed))
        }
        let build = BuildFolder(path: beside)
        guard build.hasModules else {
            throw PluginFailure(
                """
                \(program) has nothing beside it to build plug-ins with. Looked for:
                  \(beside)/../lib/sluice/sdk   (installed: `make install`)
                  \(beside)/Modules   (in a clone: `make build`)
                """)
        }
        let folder = beside + "/sluice-sdk"
        try FileTree.alone(folder + ".lock") { () throws(PluginFailure) in
            if !isCurrent(folder, program, build) { try build.makeSDK(folder, for: program) }
        }
        return PluginSDK(folder: folder)
    }

    /// Puts a copy into another folder, for an installation.
    func copy(to target: String) throws(PluginFailure) {
        try FileTree.makeFolder(target)
        guard try OtherProgram.run(["cp", "-RL", "--", folder + "/.", target]) == 0 else { throw PluginFailure("cannot copy \(folder) to \(target)") }
    }

    /// Whether what lies in `folder` was made after the last build.
    private static func isCurrent(_ folder: String, _ program: String, _ build: BuildFolder) -> Bool {
        guard let made = FileTree.changeTime(folder + "/stamp"), let text = try? FileTree.read(folder + "/stamp"),
            PluginStamp(text: text) == .own
        else { return false }
        return ([program] + build.sources).allSatisfy { (FileTree.changeTime($0) ?? 0) < made }
    }

    private static func ownPath() throws(PluginFailure) -> String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &path, path.count)
        guard count > 0, count < path.count else { throw FileTree.failure("read", "/proc/self/exe") }
        return String(decoding: path[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    // MARK: The compiler

    /// Checks that the compiler in the PATH is the one that this program was built with: modules of others cannot be read.
    static func checkCompiler() throws(PluginFailure) {
        let wanted = PluginStamp.own.compiler
        let advice = "a plug-in needs Swift \(wanted), with which this Sluice was built: https://www.swift.org/install/linux/"
        guard OtherProgram.exists("swiftc") else { throw PluginFailure("there is no `swiftc` in PATH; \(advice)") }
        let output = OtherProgram.output("swiftc --version 2>/dev/null")
        let mark = "Swift version "
        let line = output.split(separator: "\n").first { $0.contains(mark) } ?? ""
        let found = line.firstRange(of: mark).map { String(line[$0.upperBound...]).trimmed } ?? "of an unknown version"
        guard found == wanted else { throw PluginFailure("the `swiftc` in PATH is Swift \(found); \(advice)") }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

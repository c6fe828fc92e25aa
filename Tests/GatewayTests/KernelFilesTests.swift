import Configuration
import Foundation
import Testing

@testable import Gateway

@Suite struct KernelFilesTests {
    private let files = KernelFiles()

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-files-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func readsWholeFiles() throws {
        try withFolder { folder in
            for size in [0, 1, 65_535, 65_536, 65_537, 200_000] {
                let content = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                try content.write(to: URL(fileURLWithPath: folder + "/file"))
                #expect(try files.read(folder + "/file") == Array(content))
            }
        }
    }

    @Test func saysWhyAFileCannotBeRead() {
        #expect(throws: FileFailure("No such file or directory", isMissing: true)) { try files.read("/nonexistent/file") }
        #expect(throws: FileFailure("Is a directory")) { try files.read("/") }
    }

    /// A device without an end must not fill the memory.
    @Test func readingIsBounded() throws {
        #expect(try KernelFiles(readLimit: 128 * 1024).read("/dev/zero").count == 128 * 1024)
    }

    @Test func matchesPatterns() throws {
        try withFolder { folder in
            for name in ["b.conf", "a.conf", "c.txt", ".hidden.conf"] {
                try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            #expect(files.match(folder + "/*.conf").sorted() == ["\(folder)/a.conf", "\(folder)/b.conf"])
            #expect(files.match(folder + "/[ac].*").sorted() == ["\(folder)/a.conf", "\(folder)/c.txt"])
            #expect(files.match(folder + "/*.none") == [])
            #expect(files.match("/nonexistent/*") == [])
        }
    }

    @Test func theEnvironmentIsTheProcesss() {
        let variables = KernelFiles.environment()
        #expect(variables["PATH"] == ProcessInfo.processInfo.environment["PATH"])
        #expect(variables.count > 1)
    }
}

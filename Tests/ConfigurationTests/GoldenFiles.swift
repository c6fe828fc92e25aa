import Configuration
import Foundation
import FuzzChecks

/// Files below `Tests/Golden/configuration`, and the comparison with what is expected.
enum Golden {
    /// The top of the package.
    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let folder = package.appending(path: "Tests/Golden/configuration")

    /// Whether expectations are written anew instead of compared: `UPDATE_GOLDEN=1`.
    static let isUpdate = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"

    /// The names, without `.conf`, of the configurations in a folder.
    static func names(in folder: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: Golden.folder.appending(path: folder).path)) ?? []
        return files.filter { $0.hasSuffix(".conf") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// What differs between a text and the file that holds what is expected of it; nil if nothing does.
    static func difference(_ text: String, _ file: URL) -> String? {
        if isUpdate {
            try? text.write(to: file, atomically: true, encoding: .utf8)
            return nil
        }
        guard let expected = try? String(contentsOf: file, encoding: .utf8) else { return "\(file.lastPathComponent) is missing" }
        guard expected.utf8.elementsEqual(text.utf8) else {
            return "\(file.lastPathComponent) differs; it is now:\n\(text)\nif that is meant, run with UPDATE_GOLDEN=1"
        }
        return nil
    }
}

/// The files of one golden folder, by names relative to it.
struct GoldenFolder: ConfigurationFiles {
    let folder: URL

    init(_ name: String) { folder = Golden.folder.appending(path: name) }

    func read(_ path: String) throws(FileFailure) -> [UInt8] {
        guard let data = try? Data(contentsOf: folder.appending(path: path)) else {
            throw FileFailure("No such file or directory", isMissing: true)
        }
        return [UInt8](data)
    }

    func match(_ glob: String) -> [String] {
        let directory = glob.contains("/") ? String(glob[..<glob.lastIndex(of: "/")!]) : "."
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: directory).path)) ?? []
        return MemoryFiles(Dictionary(uniqueKeysWithValues: names.map { (directory + "/" + $0, "") })).match(glob)
    }
}

import Foundation

/// The files of the repository that this test was built from.
struct Repository {
    let root: URL

    init() {
        root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    /// Paths from the root of all files below `folders` (and those beside them at the top) with one of the endings; nothing hidden.
    func files(in folders: [String], endings: Set<String>) -> [String] {
        folders.flatMap { folder -> [String] in
            let top = root.appendingPathComponent(folder)
            let paths = FileManager.default.enumerator(atPath: top.path)?.compactMap { $0 as? String } ?? []
            return paths.filter { path in
                !path.split(separator: "/").contains { $0.hasPrefix(".") }
                    && (endings.isEmpty || endings.contains(URL(fileURLWithPath: path).pathExtension))
            }.map { folder.isEmpty ? $0 : "\(folder)/\($0)" }
        }.filter { path in
            let values = try? root.appendingPathComponent(path).resourceValues(forKeys: [.isRegularFileKey])
            return values?.isRegularFile == true
        }.sorted()
    }

    /// The text of a file; nil if it is not UTF-8.
    func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: root.appendingPathComponent(path).path).flatMap { String(data: $0, encoding: .utf8) }
    }
}

import Configuration

/// Files of a test, in memory.
package struct MemoryFiles: ConfigurationFiles {
    package var files: [String: [UInt8]] = [:]
    /// Paths that exist and cannot be read.
    package var locked: Set<String> = []

    package init(_ files: [String: String] = [:]) {
        self.files = files.mapValues { Array($0.utf8) }
    }

    package func read(_ path: String) throws(FileFailure) -> [UInt8] {
        if locked.contains(path) { throw FileFailure("Permission denied") }
        guard let bytes = files[path] else { throw FileFailure("No such file or directory", isMissing: true) }
        return bytes
    }

    /// Understands one `*` within one path segment, which is all that the tests use.
    package func match(_ glob: String) -> [String] {
        guard let star = glob.firstIndex(of: "*") else { return files[glob] == nil ? [] : [glob] }
        let head = glob[..<star]
        let tail = glob[glob.index(after: star)...]
        return (Array(files.keys) + locked).filter { path in
            path.count >= head.count + tail.count && path.hasPrefix(head) && path.hasSuffix(tail)
                && !path.dropFirst(head.count).dropLast(tail.count).contains("/")
        }
    }
}

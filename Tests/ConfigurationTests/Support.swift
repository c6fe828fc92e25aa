import Configuration

/// Files of a test, in memory.
struct MemoryFiles: ConfigurationFiles {
    var files: [String: [UInt8]] = [:]
    /// Paths that exist and cannot be read.
    var locked: Set<String> = []

    init(_ files: [String: String] = [:]) {
        self.files = files.mapValues { Array($0.utf8) }
    }

    func read(_ path: String) throws(FileFailure) -> [UInt8] {
        if locked.contains(path) { throw FileFailure("Permission denied") }
        guard let bytes = files[path] else { throw FileFailure("No such file or directory", isMissing: true) }
        return bytes
    }

    /// Understands one `*` within one path segment, which is all that the tests use.
    func match(_ glob: String) -> [String] {
        guard let star = glob.firstIndex(of: "*") else { return files[glob] == nil ? [] : [glob] }
        let head = glob[..<star]
        let tail = glob[glob.index(after: star)...]
        return (Array(files.keys) + locked).filter { path in
            path.count >= head.count + tail.count && path.hasPrefix(head) && path.hasSuffix(tail)
                && !path.dropFirst(head.count).dropLast(tail.count).contains("/")
        }
    }
}

/// Loads one text as `gateway.conf`.
func load(
    _ text: String, files: [String: String] = [:], environment: [String: String] = [:], filters: FilterSchemas = sampleFilters
) -> (plan: Plan?, diagnostics: [Diagnostic]) {
    var all = MemoryFiles(files)
    all.files["gateway.conf"] = Array(text.utf8)
    return Configuration.load(path: "gateway.conf", files: all, environment: environment, filters: filters)
}

/// Filters that exist in tests alone: with options of the types that the sections of the gateway do not use.
let sampleFilters = FilterSchemas([
    "rate-limit": OptionSchema([
        Option("rate", .rate, isRequired: true, "How much."),
        Option("burst", .integer(0...1_000_000), standard: "0", "How much at once."),
        Option("key", .choice(["client-address", "host"]), standard: "client-address", "By what."),
    ]),
    "gzip": OptionSchema([
        Option("types", .string, standard: "text/*", isList: true, "Media types."),
        Option("level", .integer(1...9), standard: "1", "How hard to try."),
        Option("comment", .string, "A text."),
    ]),
])

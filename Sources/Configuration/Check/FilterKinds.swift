/// Finds the kind of filter that the `use =` of a section names: one that is built in, or one of a file.
struct FilterKinds {
    /// What is known of a kind of filter.
    struct Kind {
        var name: String
        var schema: OptionSchema
        var make: FilterSchemas.Maker?
        /// It stands on listeners.
        var isConnectionFilter: Bool
        /// What comes behind it on a connection is enciphered.
        var isSecuring: Bool
    }

    private let schemas: FilterSchemas
    /// The filters of files by their paths, as far as they could be loaded and none of them has the name of another.
    private var files: [String: LoadedFilter] = [:]
    /// The file that a filter came from, as the first section writes it; by the filter's name.
    private var origins: [String: (identity: String, spelling: String)] = [:]

    /// Loads every file that a section names, and reports those that are no plug-ins at each place.
    init(_ schemas: FilterSchemas, _ sections: [Section], _ report: inout Report) {
        self.schemas = schemas
        var faults: [String: PluginFault] = [:]
        for section in sections {
            guard let use = Self.use(of: section), let path = Self.path(use, report) else { continue }
            if files[path] != nil { continue }
            if faults[path] == nil {
                switch schemas.load(path) {
                case .success(let filter): add(filter, path, use, &report)
                case .failure(let fault): faults[path] = fault
                }
            }
            guard let fault = faults[path] else { continue }
            report.error(
                fault.code, at: use.range, fault.message(path), expected: fault.expected, help: fault.help, notes: fault.notes.map { ($0, nil) })
        }
    }

    private mutating func add(_ filter: LoadedFilter, _ path: String, _ use: Word, _ report: inout Report) {
        let title = "the filter \(quoted(filter.name)) of \(quoted(path))"
        let help = "give it another name in its source: `public static let name = …`"
        if filter.name.isEmpty || !filter.name.utf8.allSatisfy(Self.isOfName) {
            report.error(.pluginName, at: use.range, "\(title) has a name that cannot be written", expected: "lower-case words with dashes", help: help)
        } else if schemas[filter.name] != nil {
            report.error(.pluginName, at: use.range, "\(title) has the name of one that is built in", help: help)
        } else if let other = origins[filter.name], other.identity != filter.identity {
            report.error(.pluginName, at: use.range, "\(title) has the name of the one of \(quoted(other.spelling))", help: help)
        } else {
            files[path] = filter
            if origins[filter.name] == nil { origins[filter.name] = (filter.identity, use.text) }
            guard let part = filter.openPart else { return }
            report.warning(
                .dangerPluginWritable, at: use.range, "anybody on this machine can change \(quoted(path)), and so what this gateway does",
                help: "take the right to write away: `chmod o-w` for \(part)")
        }
    }

    /// The kind of filter that a word names. Reports it if there is none, but for files, which were reported already.
    func find(_ use: Word, _ report: inout Report) -> Kind? {
        if let path = Self.path(use, report) {
            return files[path].map {
                Kind(name: $0.name, schema: $0.schema, make: $0.make, isConnectionFilter: $0.isConnectionFilter, isSecuring: $0.isSecuring)
            }
        }
        if let schema = schemas[use.text] {
            return Kind(
                name: use.text, schema: schema, make: schemas.maker(use.text), isConnectionFilter: schemas.isConnectionFilter(use.text),
                isSecuring: schemas.isSecuring(use.text))
        }
        report.error(
            .filterUnknown, at: use.range, "there is no filter named \(quoted(use.text))", expected: expectation,
            help: origins[use.text].map { "a plug-in has it, and is named by its file: `use = \($0.spelling)`" } ?? report.suggestion(for: use.text, among: schemas.names))
        return nil
    }

    /// What `use =` takes, for messages.
    var expectation: String {
        let names = schemas.names
        return (names.isEmpty ? "" : alternatives(names) + ", or ") + "the path of a plug-in"
    }

    /// The word that names the section's filter; nil where it has none, or a broken one.
    static func use(of section: Section) -> Word? {
        section.entries.first { $0.key.text == "use" && !$0.isBroken }?.value.first.flatMap { $0.isBroken ? nil : $0 }
    }

    /// The path that a word stands for, seen from the working directory; nil for the name of a filter.
    private static func path(_ use: Word, _ report: Report) -> String? {
        guard use.text.utf8.contains(UInt8(ascii: "/")) || use.text.hasSuffix(".so") else { return nil }
        let path = PathText.resolved(use.text, besides: report.sources[Int(use.range.file)].name)
        // Without a slash the system's loader would look into folders of its own.
        return path.utf8.contains(UInt8(ascii: "/")) ? path : "./" + path
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a") <= byte && byte <= UInt8(ascii: "z") || UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: "-")
    }
}

extension Plan {
    /// The plan of a gateway that needs no file: it listens on one address and sends every request to one app.
    ///
    /// Everything else has its default, and the arguments go through the same checks as a file's; diagnostics name them
    /// `--listen` and `--to`.
    ///
    /// - Parameters:
    ///   - listen: an address, or several separated by blanks.
    ///   - servers: the app's servers, at least one.
    public static func quick(listen: String, to servers: [String]) -> (plan: Plan?, diagnostics: [Diagnostic]) {
        var report = Report()
        func entry(_ key: String, _ option: String, _ values: [String]) -> Entry {
            var words: [Word] = []
            for value in values {
                let source = SourceFile(name: option, bytes: Array(value.utf8))
                let file = report.add(source)
                let range = source.range(ofLine: 0)
                // No variables here: the shell has replaced them already.
                for part in source.bytes[range].split(whereSeparator: isBlank) {
                    words.append(
                        Word(
                            text: String(decoding: part, as: UTF8.self), range: SourceRange(file: file, part.indices),
                            isVerbatim: true))
                }
            }
            let place = SourceRange(file: report.sources.count - 1, 0..<0)
            return Entry(
                key: Word(text: key, range: place, isVerbatim: false), value: words, valueRange: words.first?.range ?? place)
        }
        func section(_ kind: SectionKind, _ entries: [Entry]) -> Section {
            let place = entries[0].valueRange
            return Section(kind: kind, name: kind == .app ? "app" : "proxy", header: place, nameRange: place, entries: entries)
        }
        let listen = entry("listen", "--listen", [listen])
        var serve = entry("serve", "--to", ["app"])
        let app = section(.app, [entry("servers", "--to", servers.isEmpty ? [""] : servers)])
        serve.valueRange = app.header
        return Configuration.plan(of: [section(.listener, [listen, serve]), app], FilterSchemas(), &report)
    }
}

/// One breach of a rule.
struct Breach: Equatable, CustomStringConvertible {
    var path: String
    var line: Int
    var what: String
    var description: String { "\(path):\(line): \(what)" }
}

/// The rules of the design that can be read off the sources. Each takes a path from the top of the repository and the file's text.
enum Rules {
    static let lineLimit = 600

    static func checkSource(_ path: String, _ source: String) -> [Breach] {
        guard let module = module(of: path) else {
            return [Breach(path: path, line: 1, what: "a source file outside of every module")]
        }
        let text = SwiftText(source)
        return checkImports(path, module, text) + checkConcurrency(path, module, text) + checkUnsafe(path, module, source, text)
            + checkTypeNames(path, text)
    }

    /// `Sources/HTTP1/Parser/X.swift` is of HTTP1, `Plugins/Gzip/X.swift` of the plug-in Gzip.
    static func module(of path: String) -> String? {
        let parts = path.split(separator: "/")
        guard parts.count >= 3, parts[0] == "Sources" || parts[0] == "Plugins" else { return nil }
        return String(parts[1])
    }

    static func checkImports(_ path: String, _ module: String, _ text: SwiftText) -> [Breach] {
        let isPlugin = path.hasPrefix("Plugins/")
        let allowed: Set<String>
        if isPlugin {
            allowed = Modules.pluginImports.union(Modules.pluginExceptions[module] ?? [])
        } else if let own = Modules.allowedImports[module] {
            allowed = own
        } else {
            return [Breach(path: path, line: 1, what: "the module \(module) has no line in Modules.allowedImports")]
        }
        return text.lines.enumerated().flatMap { index, line -> [Breach] in
            line.split(separator: ";").compactMap { statement in
                let words = statement.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "@") }.map(String.init)
                guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                    words[..<keyword].allSatisfy({ $0.hasPrefix("@") || importPrefixes.contains($0) })
                else { return nil }
                // `import struct Glibc.stat` names the kind first.
                let name = words.dropFirst(keyword + 1).first { !importKinds.contains($0) } ?? ""
                if allowed.contains(name) || name == "Swift" || (isPlugin && isCLibrary(name)) { return nil }
                return Breach(path: path, line: index + 1, what: "\(module) may not import \(name)")
            }
        }
    }

    private static let importPrefixes: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    private static let importKinds: Set<String> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]

    private static func isCLibrary(_ name: String) -> Bool {
        name.first == "C" && name.dropFirst().first?.isUppercase == true && name != "CPlatform" && name != "COpenSSL"
    }

    static func checkConcurrency(_ path: String, _ module: String, _ text: SwiftText) -> [Breach] {
        guard Modules.withoutConcurrency.contains(module), !Modules.concurrencyExceptions.contains(path) else { return [] }
        return text.words.filter { concurrencyWords.contains(String($0.word)) || $0.word.hasPrefix("pthread_") }.map {
            Breach(path: path, line: $0.line, what: "\($0.word) in \(module), which runs on one loop at a time")
        }
    }

    private static let concurrencyWords: Set<String> = [
        "Task", "TaskGroup", "actor", "Mutex", "Atomic", "AtomicLazyReference", "async", "await", "DispatchQueue", "NSLock",
    ]

    static func checkUnsafe(_ path: String, _ module: String, _ source: String, _ text: SwiftText) -> [Breach] {
        guard !Modules.unsafeAllowed.contains(module), !hasReasonForUnsafe(source) else { return [] }
        guard let first = text.words.first(where: { $0.word == "unsafe" }) else { return [] }
        return [
            Breach(path: path, line: first.line, what: "unsafe code in \(module): move it down, or begin the file with `// unsafe: ` and why")
        ]
    }

    private static func hasReasonForUnsafe(_ source: String) -> Bool {
        let mark = "// unsafe: "
        guard source.hasPrefix(mark), let line = source.split(separator: "\n").first else { return false }
        return line.dropFirst(mark.count).count >= 10
    }

    static func checkTypeNames(_ path: String, _ text: SwiftText) -> [Breach] {
        let words = text.words
        return zip(words, words.dropFirst()).compactMap { keyword, name in
            guard typeKeywords.contains(String(keyword.word)) else { return nil }
            let part = camelParts(name.word).first { forbiddenParts.contains($0) }
            return part.map { Breach(path: path, line: name.line, what: "\($0) in the name of the type \(name.word)") }
        }
    }

    private static let typeKeywords: Set<String> = ["struct", "class", "enum", "actor", "protocol", "typealias", "associatedtype"]
    private static let forbiddenParts: Set<String> = [
        "Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Common", "Core", "Base", "Handler", "Impl", "Info", "Data",
    ]

    /// `HTTPDataBase2` → HTTP, Data, Base2: a capital begins a word, a run of capitals is one.
    static func camelParts(_ name: Substring) -> [String] {
        var parts: [String] = []
        let letters = Array(name)
        for (index, letter) in letters.enumerated() {
            let begins = letter.isUppercase
                && (index == 0 || !letters[index - 1].isUppercase || (index + 1 < letters.count && letters[index + 1].isLowercase))
            if begins || parts.isEmpty { parts.append("") }
            parts[parts.count - 1].append(letter)
        }
        return parts
    }

    // MARK: every file

    static func checkLength(_ path: String, _ source: String) -> [Breach] {
        let count = source.split(separator: "\n", omittingEmptySubsequences: false).count - (source.hasSuffix("\n") ? 1 : 0)
        return count > lineLimit ? [Breach(path: path, line: lineLimit + 1, what: "\(count) lines: split it (one thing a file)")] : []
    }

    /// Paths of the machine on which something was written have no meaning on another.
    static func checkMachinePaths(_ path: String, _ source: String) -> [Breach] {
        source.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            machinePaths.filter { line.contains($0) }.map {
                Breach(path: path, line: index + 1, what: "\($0) is a path of one machine")
            }
        }
    }

    // In two parts, so that this file does not break its own rule.
    private static let machinePaths = ["/work" + "/", "/tmp" + "/wt", "/tmp" + "/spec", "/root" + "/", "/opt" + "/swift", "/Users" + "/"]
}

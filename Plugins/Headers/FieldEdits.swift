import FilterAPI

/// What happens to the fields of one message: removals first, then new names, then values.
struct FieldEdits {
    /// What an app takes for a name that is edited (`X_User` for `X-User`) is edited with it.
    private let areOfRequest: Bool
    private var removals: [FieldName] = []
    /// Beginnings of names, in lower case.
    private var removedPrefixes: [[UInt8]] = []
    private var renames: [(old: FieldName, new: FieldName)] = []
    private var sets: [(name: FieldName, value: ValueTemplate)] = []
    private var adds: [(name: FieldName, value: ValueTemplate)] = []

    var isEmpty: Bool { removals.isEmpty && removedPrefixes.isEmpty && renames.isEmpty && sets.isEmpty && adds.isEmpty }

    init(_ options: FilterOptions, way: String) throws(ConfigurationError) {
        areOfRequest = way == "request"
        var option = "\(way)-remove"
        for (index, word) in options.words(option).enumerated() {
            if word.hasSuffix("*") {
                removedPrefixes.append(word.dropLast().utf8.map(\.asciiLowercased))
            } else {
                removals.append(try FieldName(writable: word, option: option, value: index))
            }
        }
        option = "\(way)-rename"
        for (index, word) in options.words(option).enumerated() {
            let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw ConfigurationError("`\(word)` is not two names", option: option, value: index, expected: "`Old:New`")
            }
            let old = try FieldName(writable: parts[0], option: option, value: index)
            let new = try FieldName(writable: parts[1], option: option, value: index)
            guard old != new else { throw ConfigurationError("`\(word)` renames a field to itself", option: option, value: index) }
            renames.append((old, new))
        }
        sets = try Self.values(options, "\(way)-set")
        adds = try Self.values(options, "\(way)-add")
    }

    /// What it does with fields of requests, for the order of filters.
    var uses: [FieldUse] {
        let written = renames.map(\.new) + sets.map(\.name) + adds.map(\.name)
        let removed = (removals + renames.map(\.old)).filter { !written.contains($0) }
        return written.map { .writes("\($0)") } + removed.map { .removes("\($0)") }
    }

    private static func values(_ options: FilterOptions, _ option: String) throws(ConfigurationError) -> [(name: FieldName, value: ValueTemplate)] {
        var values: [(name: FieldName, value: ValueTemplate)] = []
        for (index, word) in options.words(option).enumerated() {
            guard let colon = word.firstIndex(of: ":") else {
                throw ConfigurationError(
                    "`\(word)` is no field", option: option, value: index, expected: "`\"Name: value\"`",
                    help: "put name and value into one pair of double quotes")
            }
            let name = try FieldName(writable: word[..<colon], option: option, value: index)
            var text = word[word.index(after: colon)...]
            while text.first == " " { text.removeFirst() }
            values.append((name, try ValueTemplate(String(text), option, index)))
        }
        return values
    }

    func apply(to request: inout Request) {
        removeAndRename(&request.fields)
        for (name, value) in sets {
            let text = value.text(request)
            request.fields.strip(name)
            request.fields.append(name, bytes: text.span)
        }
        for (name, value) in adds { request.fields.append(name, bytes: value.text(request).span) }
    }

    func apply(to fields: inout Fields, _ request: borrowing Request) {
        removeAndRename(&fields)
        for (name, value) in sets {
            fields.remove(name)
            fields.append(name, bytes: value.text(request).span)
        }
        for (name, value) in adds { fields.append(name, bytes: value.text(request).span) }
    }

    private func removeAndRename(_ fields: inout Fields) {
        for name in removals { remove(name, from: &fields) }
        for prefix in removedPrefixes {
            if areOfRequest {
                fields.strip(namesBeginning: prefix)
            } else {
                for index in 0..<fields.count where fields.bytes.begins(fields.nameRange(at: index), ignoringCase: prefix) { fields.remove(at: index) }
            }
        }
        for (old, new) in renames where fields.contains(old) {
            remove(new, from: &fields)
            // What is appended stands behind what is there, so each line is met once.
            for index in 0..<fields.count {
                guard fields.isPresent(at: index), fields.isNamed(old, at: index) else { continue }
                fields.append(new, copying: fields.valueRange(at: index))
                fields.remove(at: index)
            }
        }
    }

    private func remove(_ name: FieldName, from fields: inout Fields) {
        if areOfRequest { fields.strip(name) } else { fields.remove(name) }
    }
}

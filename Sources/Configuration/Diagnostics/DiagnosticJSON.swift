extension Diagnostic {
    /// The diagnostic as one JSON object on one line.
    ///
    /// Always the same members, in this order: `severity`, `code`, `message`, `file`, `line`, `column`, `endColumn`,
    /// `expected`, `help`, `notes`. What is not known is null. Lines and columns count from 1, columns in Unicode scalars;
    /// `endColumn` is the one after the last.
    public var json: String {
        "{" + members(place, file) + "}"
    }

    private func members(_ place: Place?, _ file: String) -> String {
        let notes = notes.map { note in
            "{\"message\":\(quoted(note.message)),"
                + locationMembers(note.place, note.place?.location.file ?? file) + "}"
        }
        return "\"severity\":\(quoted(severity.rawValue)),\"code\":\(quoted(code.rawValue)),\"message\":\(quoted(message)),"
            + locationMembers(place, file)
            + ",\"expected\":\(quoted(expected)),\"help\":\(quoted(help)),\"notes\":[\(notes.joined(separator: ","))]"
    }

    private func locationMembers(_ place: Place?, _ file: String) -> String {
        let line = place.map { String($0.location.line) } ?? "null"
        let column = place.map { String($0.location.column) } ?? "null"
        let endColumn = place.map { String($0.location.endColumn) } ?? "null"
        return "\"file\":\(quoted(file)),\"line\":\(line),\"column\":\(column),\"endColumn\":\(endColumn)"
    }

    private func quoted(_ text: String?) -> String {
        guard let text else { return "null" }
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\n": json += "\\n"
            case "\t": json += "\\t"
            case "\r": json += "\\r"
            case "\u{0}"..<" ", "\u{7F}"..<"\u{A0}":
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}

extension [Diagnostic] {
    /// All diagnostics as one JSON array, one object a line, ending in a line end.
    public var json: String {
        isEmpty ? "[]\n" : "[\n" + map(\.json).joined(separator: ",\n") + "\n]\n"
    }
}

import Testing

/// A script that did not go as written. The text says what was expected, what came instead, and the line of the script.
struct ScenarioFailure: Error, CustomStringConvertible {
    let description: String

    init(_ text: String, at location: SourceLocation) {
        description = "\(location.fileID):\(location.line): \(text)"
    }

    init(_ text: String) {
        description = text
    }
}

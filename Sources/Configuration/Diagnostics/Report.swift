/// All that was found while a configuration was read, in any order, with the sources it was found in.
struct Report {
    private(set) var sources: [SourceFile] = []
    private var problems: [Problem] = []
    private(set) var errorCount = 0
    private var unshown = 0
    /// Bounds the work of looking for similar names, whatever the file holds.
    private var suggestions = SuggestionBudget()
    private(set) var hasErrors = false
    /// Whether the sections and what they refer to are known in full. Without that, "unused" would be a guess.
    private(set) var graphIsWhole = true

    /// So many errors and so many warnings: more would not be read by anybody, and each costs memory.
    static let limit = 1000
    /// A help that repeats a word of the file is cut behind so many characters.
    private static let textLimit = 500

    struct Problem {
        var code: DiagnosticCode
        var file: Int32
        var range: SourceRange?
        var message: String
        var expected: String?
        var help: String?
        var notes: [(message: String, range: SourceRange?)]
        var order: Int
    }

    mutating func add(_ source: SourceFile) -> Int {
        sources.append(source)
        return sources.count - 1
    }

    /// Adds an error. `leavesGap` says that sections or references are missing because of it.
    mutating func error(
        _ code: DiagnosticCode, at range: SourceRange, _ message: String, expected: String? = nil, help: String? = nil,
        notes: [(message: String, range: SourceRange?)] = [], leavesGap: Bool = false
    ) {
        precondition(code.severity == .error, "a warning reported as an error")
        hasErrors = true
        if leavesGap { graphIsWhole = false }
        add(code, range.file, range, message, expected, help, notes)
    }

    mutating func warning(
        _ code: DiagnosticCode, at range: SourceRange, _ message: String, help: String? = nil,
        notes: [(message: String, range: SourceRange?)] = []
    ) {
        precondition(code.severity == .warning, "an error reported as a warning")
        add(code, range.file, range, message, nil, help, notes)
    }

    /// Adds an error about a source as a whole.
    mutating func error(_ code: DiagnosticCode, inFile file: Int, _ message: String, help: String? = nil) {
        hasErrors = true
        graphIsWhole = false
        add(code, Int32(file), nil, message, nil, help, [])
    }

    private mutating func add(
        _ code: DiagnosticCode, _ file: Int32, _ range: SourceRange?, _ message: String,
        _ expected: String?, _ help: String?, _ notes: [(message: String, range: SourceRange?)]
    ) {
        let isError = code.severity == .error
        guard (isError ? errorCount : problems.count - errorCount) < Self.limit else {
            unshown += 1
            return
        }
        if isError { errorCount += 1 }
        problems.append(
            Problem(
                code: code, file: file, range: range, message: printable(message, limit: Self.textLimit), expected: expected,
                help: help.map { printable($0, limit: Self.textLimit) }, notes: notes, order: problems.count))
    }

    /// "did you mean …" over `names`, or nil if none is near.
    mutating func suggestion(for text: String, among names: @autoclosure () -> [String]) -> String? {
        nearest(to: text, among: names()).map { "did you mean `\($0)`?" }
    }

    /// The one of `names` that was probably meant, or nil.
    mutating func nearest(to text: String, among names: @autoclosure () -> [String]) -> String? {
        suggestions.nearest(to: text, among: names)
    }

    /// The place of a range, for the plan.
    func location(of range: SourceRange) -> SourceLocation {
        sources[Int(range.file)].place(of: range).location
    }

    /// The diagnostics in the order of the files and lines that they are about.
    func diagnostics() -> [Diagnostic] {
        let sorted = problems.sorted { left, right in
            if left.file != right.file { return left.file < right.file }
            let leftStart = left.range?.start ?? .max
            let rightStart = right.range?.start ?? .max
            return leftStart != rightStart ? leftStart < rightStart : left.order < right.order
        }
        var diagnostics = sorted.map { problem in
            Diagnostic(
                severity: problem.code.severity, code: problem.code, message: problem.message,
                file: sources[Int(problem.file)].name,
                place: problem.range.map { sources[Int($0.file)].place(of: $0) },
                expected: problem.expected, help: problem.help,
                notes: problem.notes.map {
                    Diagnostic.Note(message: $0.message, place: $0.range.map { sources[Int($0.file)].place(of: $0) })
                })
        }
        if unshown > 0, let first = sources.first {
            diagnostics.append(
                Diagnostic(
                    severity: DiagnosticCode.notShown.severity, code: .notShown,
                    message: "\(unshown) more problems are not shown", file: first.name, place: nil, expected: nil,
                    help: "repair the ones above and check again", notes: []))
        }
        return diagnostics
    }
}

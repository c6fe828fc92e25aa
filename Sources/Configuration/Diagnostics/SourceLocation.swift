/// A place in a configuration.
public struct SourceLocation: Sendable, Hashable {
    /// The path of the file as it was opened, or the option of the command line (`--listen`).
    public var file: String
    /// Counted from 1.
    public var line: Int
    /// The column of the first character, counted from 1 in Unicode scalars.
    public var column: Int
    /// The column after the last character.
    public var endColumn: Int

    public init(file: String, line: Int, column: Int, endColumn: Int) {
        self.file = file
        self.line = line
        self.column = column
        self.endColumn = endColumn
    }
}

extension SourceLocation: CustomStringConvertible {
    /// `gateway.conf:12:1`
    public var description: String { "\(file):\(line):\(column)" }
}

/// One thing that is wrong or doubtful in a configuration.
public struct Diagnostic: Sendable, Equatable {
    public enum Severity: String, Sendable {
        /// There is no plan.
        case error
        /// There is a plan, and it may not be what was meant.
        case warning
    }

    /// Another place that belongs to the story.
    public struct Note: Sendable, Equatable {
        public var message: String
        public var place: Place?
    }

    /// A location and the line it is in.
    public struct Place: Sendable, Equatable {
        public var location: SourceLocation
        /// The source line, cut to a window around the location if it is very long; control characters are replaced.
        public var excerpt: String
        /// How many columns of a terminal stand in `excerpt` before the marked part.
        public var indent: Int
        /// How many columns of a terminal the marked part takes; at least 1.
        public var width: Int
    }

    public var severity: Severity
    public var code: DiagnosticCode
    /// One sentence without a full stop.
    public var message: String
    /// The file it is about.
    public var file: String
    /// Where in the file; nil if it is about the file as a whole.
    public var place: Place?
    /// What could have stood there.
    public var expected: String?
    /// What to do.
    public var help: String?
    public var notes: [Note]

    public var location: SourceLocation? { place?.location }
}

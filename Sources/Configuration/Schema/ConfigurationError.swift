/// What is wrong with the options of a filter's section, beyond what its schema says. Shown with file, line and caret, as all errors of a
/// configuration are.
public struct ConfigurationError: Error, Sendable, Equatable {
    /// One sentence without a full stop.
    public var message: String
    /// The option that is at fault; nil for the section as a whole.
    public var option: String?
    /// Which of its values, from 0; nil for all.
    public var value: Int?
    /// What could have stood there.
    public var expected: String?
    /// What to do.
    public var help: String?

    public init(_ message: String, option: String? = nil, value: Int? = nil, expected: String? = nil, help: String? = nil) {
        self.message = message
        self.option = option
        self.value = value
        self.expected = expected
        self.help = help
    }
}

import HTTPMessage

/// What is wrong with a field section, before it is known whose it is: each parser gives its own `Reason`.
enum HeadFault: UInt8 {
    /// A line ends in a bare CR or LF.
    case lineEnding
    /// No colon, an empty name, a byte that is no token character in it, white space before the colon.
    case malformed
    /// A line starts with white space (obs-fold, RFC 9112 §5.2).
    case folded
    /// A control byte other than HTAB in a value.
    case control
    /// The section does not end within the limit.
    case tooLarge
    /// More fields than the limit.
    case tooMany
}

/// What a step over lines found.
enum LineStep: Equatable {
    /// The last line was read.
    case complete
    /// The bytes end within a line. Faults are told only of lines that are there as a whole, so that what a parser answers does
    /// not depend on how the bytes were cut.
    case incomplete
    case failed(HeadFault)
}

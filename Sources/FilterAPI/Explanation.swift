/// What filters say of their decisions while a request is explained instead of served (`sluice explain`).
package final class Explanation {
    /// One remark of one filter.
    package struct Note: Equatable {
        /// What it did or found, one sentence without a full stop.
        package let text: String
        /// The option of its section that caused it; nil for none in particular.
        package let option: String?
        /// Which value of the option, from 0; nil for all.
        package let value: Int?
    }

    package var notes: [Note] = []

    package init() {}
}

extension Request {
    /// This request is only explained: nothing is sent for it. A filter decides as ever, but consumes nothing that outlives the request,
    /// such as a share of a limit.
    public var isExplained: Bool { explanation != nil }

    /// Says why the filter decides as it does, for `sluice explain`: `key 192.0.2.1, 17 of 200 left`. Elsewhere the text is not even made.
    ///
    /// - Parameters:
    ///   - text: one sentence without a full stop.
    ///   - option: the option of the section that caused it: its line in the file is shown.
    ///   - value: which of the option's values, from 0.
    @inline(__always)
    public func explain(_ text: @autoclosure () -> String, by option: String? = nil, value: Int? = nil) {
        if let explanation { explanation.notes.append(Explanation.Note(text: text(), option: option, value: value)) }
    }
}

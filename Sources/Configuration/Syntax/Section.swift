/// The kinds of sections that `gateway.conf` has.
public enum SectionKind: String, Sendable, CaseIterable {
    case gateway, listener, filter, pipeline, router, app

    /// Whether the header carries a name: there is one gateway and any number of the others.
    var isNamed: Bool { self != .gateway }

    /// Whether a route, a listener or a pipeline can lead to it. These kinds share one set of names.
    var isDestination: Bool { self == .app || self == .router || self == .pipeline }
}

/// One word of a line, after quotes and environment variables are resolved.
struct Word: Sendable {
    var text: String
    /// Where it stands, quotes included.
    var range: SourceRange
    /// Whether the source has exactly the bytes of `text`, so that an offset in one is an offset in the other.
    var isVerbatim: Bool
    /// Whether an environment variable is in it.
    var hasVariable = false
    /// Whether an error about it was reported already: it is not looked at any more.
    var isBroken = false
}

/// `key = value`, with the value's words from the line itself and from the lines that continue it.
struct Entry: Sendable {
    var key: Word
    var value: [Word]
    /// The value on its first line; empty, behind the `=`, if there is none.
    var valueRange: SourceRange
    /// Whether the line as a whole was in error, so that what its value says is not known.
    var isBroken = false
    /// Whether it has no words because its variables are empty.
    var isEmptied = false
}

/// `[kind:name]` and its entries.
struct Section: Sendable {
    /// nil if the kind is not known or the header is broken; its entries are then read, not checked.
    var kind: SectionKind?
    /// Empty for a gateway. If the kind is not known, what references to the section would say.
    var name: String
    /// `[kind:name]`, brackets included.
    var header: SourceRange
    var nameRange: SourceRange
    var entries: [Entry] = []
    /// Whether a line of it could not be read at all: what seems to be missing may stand there.
    var hasBrokenLine = false

    /// As diagnostics name it: `[app:web]`.
    var title: String {
        guard let kind else { return "this section" }
        return kind.isNamed ? "[\(kind.rawValue):\(name)]" : "[\(kind.rawValue)]"
    }
}

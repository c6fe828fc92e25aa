/// Where a kind of filter stands.
public enum FilterPlace: Sendable {
    /// In pipelines: it sees requests and responses.
    case pipeline
    /// On listeners, in `through`: it sees connections before HTTP, and its filters are `ConnectionFilter`s.
    case listener
    /// The same, and what comes behind it was enciphered: requests are `https`.
    case secureListener
}

/// Works on the connections of a listener before HTTP. A listener names its filters in `through`, the outermost first. What it does is what
/// else it conforms to.
public protocol ConnectionFilter: Filter {}

/// Reads what stands at the beginning of a connection, before TLS and HTTP: a prologue, by which whoever is in between says whose connection
/// it is. A listener names it in `through`, before a filter that speaks TLS.
///
/// ```swift
/// final class Stamp: FilterPlugin, PrologueFilter {
///     static let name = "stamp"
///     static let place = FilterPlace.listener
///     static let reasons = [none]
///     static let none = ReplyReason("stamp.none", "There is no stamp", fault: .client, happened: "It begins with another byte.", advice: "Send one.")
///     let longestPrologue = 1
///     init(_ options: FilterOptions) {}
///
///     func readPrologue(_ bytes: Span<UInt8>, from peer: ConnectionEnd) -> PrologueStep {
///         if bytes.isEmpty { return .needsMore }
///         return bytes[0] == 0x21 ? .passed(Prologue(byteCount: 1)) : .refused(Stamp.none)
///     }
/// }
/// ```
///
/// The gateway does what is easy to get wrong: it takes from the connection exactly the bytes of the prologue, holds no memory while it waits for
/// them, and ends a connection whose prologue is too long or too slow.
public protocol PrologueFilter: ConnectionFilter {
    /// Bytes that a prologue may have, at least 1 and at most `Prologue.most`. Who sends so many and still needs more is turned away.
    var longestPrologue: Int { get }

    /// Milliseconds from the moment at which the prologue is awaited to its last byte. Nil: the listener's `head-timeout`.
    var prologueTimeout: Int64? { get }

    /// Reads what has come so far. Called first when the connection is there, often without any byte, and again from the beginning
    /// whenever more has come. What it says of some bytes must not depend on how they came: once it has passed or refused them, it
    /// says the same with any more behind them.
    ///
    /// - Parameters:
    ///   - bytes: from the first byte of the connection, or behind the prologue that a filter before this one has read. At most
    ///     `longestPrologue`; some of them may belong to what stands behind.
    ///   - peer: who has really connected, whatever a filter before this one has learned.
    func readPrologue(_ bytes: Span<UInt8>, from peer: ConnectionEnd) -> PrologueStep
}

extension PrologueFilter {
    public var prologueTimeout: Int64? { nil }
}

/// What a filter makes of the beginning of a connection.
public enum PrologueStep {
    case needsMore
    case passed(Prologue)
    /// The connection is closed without an answer: nobody knows yet what the peer would understand. The reason stands in the access log.
    case refused(ReplyReason)
}

/// A prologue that was read, and what it says. What it does not say stays as it is.
public struct Prologue: Sendable, Equatable {
    /// Bytes that a prologue may have at most, whatever the filter.
    public static let most = 16 * 1024

    /// Bytes that belong to it. What stands behind them is TLS, HTTP, or another prologue; 0 for no prologue at all.
    public var byteCount: Int
    /// The client of the connection: the one that everything sees from here on, instead of the peer.
    public var client: ConnectionEnd?
    /// Where the client had connected to.
    public var destination: ConnectionEnd?
    /// The client speaks TLS with whoever is in between: its requests are `https`.
    public var isSecure = false

    public init(byteCount: Int, client: ConnectionEnd? = nil, destination: ConnectionEnd? = nil, isSecure: Bool = false) {
        self.byteCount = byteCount
        self.client = client
        self.destination = destination
        self.isSecure = isSecure
    }
}

/// One end of a connection.
public enum ConnectionEnd: Sendable, Equatable {
    /// An IPv4 address is never in the IPv6 form.
    case ip(IPAddress, port: UInt16)
    /// A unix socket, which has no address.
    case unix
}

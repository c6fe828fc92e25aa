import CPlatform

/// What epoll said about a descriptor.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// There is something to read: bytes, the end, or an error.
    @inlinable public var isReadable: Bool { rawValue & sluice_epoll_readable != 0 }
    @inlinable public var isWritable: Bool { rawValue & sluice_epoll_writable != 0 }
    /// The peer shut down its sending side, or the connection is gone.
    @inlinable public var peerEnded: Bool { rawValue & sluice_epoll_peer_ended != 0 }
    /// The connection is gone in both directions.
    @inlinable public var isBroken: Bool { rawValue & sluice_epoll_broken != 0 }
}

/// Something a loop calls when its descriptor is ready or its timer is due: a listener, a connection, an upstream.
/// A base class and not a protocol, because it is called once an event: a table call, no existential.
///
/// Loop-confined. The loop owns it from `EventLoop.register` to `EventLoop.retire`.
open class EventSource {
    /// The loop that it belongs to.
    public final let loop: EventLoop
    /// Its place in the loop's table; none before registration and after retirement.
    public internal(set) final var slot: Int = -1
    /// Milliseconds on the loop's clock at which `deadlinePassed` is called; `Int64.max` for never.
    public internal(set) final var deadline = Int64.max

    public init(on loop: EventLoop) { self.loop = loop }

    /// The descriptor is ready. Edge-triggered: said once for each change.
    open func ready(_ readiness: Readiness) {}

    /// The deadline has passed; it is `Int64.max` again.
    open func deadlinePassed() {}

    /// Asked for by `EventLoop.runAgain`: work that was put off to the next turn, so that others get theirs.
    open func resume() {}
}

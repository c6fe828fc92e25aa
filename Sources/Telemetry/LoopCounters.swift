import HTTPMessage

/// What one loop has counted since it started. Only the loop writes it; a reader asks the loop for a copy and sums the copies.
public struct LoopCounters: Sendable, Equatable {
    /// Client connections accepted.
    public var connectionsAccepted: UInt64 = 0
    /// Client connections closed; accepted less closed are open.
    public var connectionsClosed: UInt64 = 0
    /// Client connections turned away because the listener had all it may have.
    public var connectionsRefused: UInt64 = 0
    /// TLS handshakes with clients that were completed, those of them that went on with an earlier session, and those that failed.
    public var handshakes: UInt64 = 0
    public var handshakesResumed: UInt64 = 0
    public var handshakesFailed: UInt64 = 0
    /// Prologues of client connections that filters have read, and connections that ended for want of one.
    public var prologues: UInt64 = 0
    public var prologuesRefused: UInt64 = 0
    /// Calls of accept that failed for want of descriptors or memory.
    public var acceptFailures: UInt64 = 0
    /// Exchanges that ended.
    public var exchanges: UInt64 = 0
    /// Exchanges by the class of their status.
    public var statusClasses = StatusClassCounts()
    public var clientBytesIn: UInt64 = 0
    public var clientBytesOut: UInt64 = 0
    public var appBytesOut: UInt64 = 0
    public var appBytesIn: UInt64 = 0
    /// Connections to apps that were opened.
    public var appConnectionsOpened: UInt64 = 0
    /// Connections to apps that could not be opened.
    public var appConnectionsFailed: UInt64 = 0
    /// Exchanges that went over a pooled connection.
    public var appConnectionsReused: UInt64 = 0
    /// Exchanges that were sent a second time.
    public var retries: UInt64 = 0
    /// Access-log lines that were dropped because the writer did not keep up.
    public var logLinesDropped: UInt64 = 0
    /// Exchanges by reason; the index is the reason's raw value.
    private var reasons = [UInt64](repeating: 0, count: Reason.allCases.count)

    public init() {}

    /// Exchanges that ended for this reason.
    public func count(of reason: Reason) -> UInt64 { reasons[Int(reason.rawValue)] }

    /// Counts an exchange that ended. Allocates nothing.
    public mutating func add(_ record: borrowing ExchangeRecord) {
        exchanges &+= 1
        statusClasses.add(record.status)
        clientBytesIn &+= record.clientBytesIn
        clientBytesOut &+= record.clientBytesOut
        appBytesOut &+= record.appBytesOut
        appBytesIn &+= record.appBytesIn
        if record.end.appConnection == .reused { appConnectionsReused &+= 1 }
        if record.tries > 1 { retries &+= 1 }
        if let reason = record.reason { reasons[Int(reason.rawValue)] &+= 1 }
    }

    /// Adds what another loop counted.
    public mutating func add(_ other: LoopCounters) {
        connectionsAccepted &+= other.connectionsAccepted
        connectionsClosed &+= other.connectionsClosed
        connectionsRefused &+= other.connectionsRefused
        handshakes &+= other.handshakes
        handshakesResumed &+= other.handshakesResumed
        handshakesFailed &+= other.handshakesFailed
        prologues &+= other.prologues
        prologuesRefused &+= other.prologuesRefused
        acceptFailures &+= other.acceptFailures
        exchanges &+= other.exchanges
        statusClasses.add(other.statusClasses)
        clientBytesIn &+= other.clientBytesIn
        clientBytesOut &+= other.clientBytesOut
        appBytesOut &+= other.appBytesOut
        appBytesIn &+= other.appBytesIn
        appConnectionsOpened &+= other.appConnectionsOpened
        appConnectionsFailed &+= other.appConnectionsFailed
        appConnectionsReused &+= other.appConnectionsReused
        retries &+= other.retries
        logLinesDropped &+= other.logLinesDropped
        for index in reasons.indices { reasons[index] &+= other.reasons[index] }
    }
}

/// How many frames of one kind a connection may bring: `burst` at once, and `perSecond` more as time goes by.
public struct FloodBudget: Equatable, Sendable {
    public var burst: Int
    public var perSecond: Int

    public init(_ burst: Int, perSecond: Int) {
        self.burst = burst
        self.perSecond = perSecond
    }
}

/// What a peer may send, on one connection, of frames that cost more to take than to send. Above a budget the connection is ended with
/// GOAWAY (ENHANCE_YOUR_CALM), and each has its `Reason`. Work that was done in earnest pays something back; see each budget.
public struct FloodBudgets: Equatable, Sendable {
    /// RST_STREAM frames of the peer (rapid reset, CVE-2023-44487). A stream that is answered to its end pays one back, and any that was
    /// opened to an app.
    public var resets = FloodBudget(200, perSecond: 20)
    /// Streams that had to be reset for a client's own fault (MadeYouReset, CVE-2025-8671).
    public var faults = FloodBudget(100, perSecond: 10)
    public var settings = FloodBudget(20, perSecond: 1)
    /// PING frames. A DATA frame in either direction pays one back: gRPC measures the way with pings while data flow.
    public var pings = FloodBudget(100, perSecond: 10)
    /// PRIORITY and PRIORITY_UPDATE frames, which are ignored. A request pays two back.
    public var priorities = FloodBudget(200, perSecond: 20)
    /// DATA frames without a byte of a body that do not end their stream.
    public var emptyFrames = FloodBudget(100, perSecond: 10)
    /// WINDOW_UPDATE frames. A DATA frame sent pays four back, a request two.
    public var windowUpdates = FloodBudget(500, perSecond: 100)
    /// Frames of unknown types, and GOAWAY.
    public var unknownFrames = FloodBudget(100, perSecond: 10)

    public init() {}

    /// Those of an app's connection. It carries the streams of many clients, a hundred at a time, and each may bring what a connection of one
    /// client does: flushes with nothing to flush, windows. What is counted there is what keeps an app from using up the loop.
    public static let ofApp: FloodBudgets = {
        var budgets = FloodBudgets()
        budgets.settings = FloodBudget(100, perSecond: 10)
        budgets.pings = FloodBudget(500, perSecond: 100)
        budgets.emptyFrames = FloodBudget(2000, perSecond: 1000)
        budgets.windowUpdates = FloodBudget(5000, perSecond: 1000)
        budgets.unknownFrames = FloodBudget(2000, perSecond: 1000)
        return budgets
    }()
}

/// One of the budgets.
enum Flood: Int, CaseIterable {
    case resets, faults, settings, pings, priorities, emptyFrames, windowUpdates, unknownFrames
}

extension FloodBudgets {
    subscript(_ flood: Flood) -> FloodBudget {
        switch flood {
        case .resets: resets
        case .faults: faults
        case .settings: settings
        case .pings: pings
        case .priorities: priorities
        case .emptyFrames: emptyFrames
        case .windowUpdates: windowUpdates
        case .unknownFrames: unknownFrames
        }
    }
}

/// What of its budgets a connection has used.
struct FloodAccount {
    /// Thousandths of a frame that were used, by `Flood`, at the time of `seen`.
    private var used = InlineArray<8, Int64>(repeating: 0)
    private var seen = InlineArray<8, Int64>(repeating: 0)

    /// One more frame. False: it is above the budget. `now` is in milliseconds.
    mutating func charge(_ flood: Flood, _ budget: FloodBudget, now: Int64) -> Bool {
        let index = flood.rawValue
        let passed = max(0, now &- seen[index])
        seen[index] = now
        // A millisecond pays back a thousandth for each frame of a second; a day is more than any budget, and nothing overflows.
        let paid = min(passed, 86_400_000) * Int64(min(budget.perSecond, 1_000_000))
        used[index] = max(0, used[index] - paid) + 1000
        return used[index] <= Int64(min(budget.burst, 1_000_000_000)) * 1000
    }

    /// Pays so many frames back.
    mutating func credit(_ flood: Flood, _ count: Int64 = 1) {
        used[flood.rawValue] = max(0, used[flood.rawValue] - count * 1000)
    }
}

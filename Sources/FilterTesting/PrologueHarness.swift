import Configuration
import FilterAPI

/// Runs a filter that reads the beginning of connections, without a gateway: bytes in, what it makes of them out.
///
/// ```swift
/// let harness = try PrologueHarness(ProxyProtocol.self, "sources = 10.0.0.0/8")
/// let outcome = harness.read("PROXY TCP4 192.0.2.1 10.0.0.9 56324 443\r\nGET /", from: "10.0.0.1")
/// #expect(outcome.prologue?.client == .ip(IPAddress("192.0.2.1")!, port: 56324))
/// ```
public final class PrologueHarness {
    private let filter: any PrologueFilter

    /// - Parameter options: the lines of its section, without `use`.
    /// Errors: everything that is wrong with the options, as `sluice check` prints it; and a filter that reads no prologues.
    public convenience init<Plugin: FilterPlugin>(_ plugin: Plugin.Type, _ options: String = "") throws(HarnessError) {
        try self.init(of: plugin, options)
    }

    package init(of plugin: any FilterPlugin.Type, _ options: String) throws(HarnessError) {
        if let mistake = plugin.mistake { throw HarnessError(mistake) }
        let sections = try FilterHarness.sections([(plugin, options)], [], onListener: true)
        guard let made = sections.first?.made as? any FilterPlugin else { throw HarnessError("the filter was not made") }
        let loop = TestLoop(now: 1_000_000_000_000)
        let context = LoopContext(
            index: 0, count: 1, section: "f0", clock: LoopClock(), sharing: SharedObjects(), state: LoopState(), apps: ["app"],
            system: LoopSystem(TestSystem([:]), files: SharedObjects(), services: loop) { $0() })
        do throws(ConfigurationError) {
            guard let filter = try made.makeFilter(on: context) as? any PrologueFilter else { throw ConfigurationError("it is no PrologueFilter") }
            self.filter = filter
        } catch {
            throw HarnessError("makeFilter: \(error.message)")
        }
    }

    /// Bytes that the filter is shown at most.
    public var longest: Int { min(max(1, filter.longestPrologue), Prologue.most) }
    /// Milliseconds; nil for the listener's `head-timeout`.
    public var timeout: Int64? { filter.prologueTimeout }

    /// A connection begins with these bytes, which come in one piece.
    ///
    /// - Parameter peer: the address of who has connected; an empty text is a unix socket.
    public func read(_ bytes: [UInt8], from peer: String = "192.0.2.1") -> PrologueOutcome {
        let end = IPAddress(peer).map { ConnectionEnd.ip($0.unmapped, port: 40_000) } ?? .unix
        return step(bytes, bytes.count, end)
    }

    public func read(_ text: String, from peer: String = "192.0.2.1") -> PrologueOutcome { read(Array(text.utf8), from: peer) }

    /// Whether the outcome is the same however the bytes are cut: all at once, byte by byte, or in any other way. And that the filter awaits
    /// no byte that it does not need: behind its prologue it has passed. Calls the filter once for each byte.
    public func isSameForAnyCut(_ bytes: [UInt8], from peer: String = "192.0.2.1") -> Bool {
        let end = IPAddress(peer).map { ConnectionEnd.ip($0.unmapped, port: 40_000) } ?? .unix
        var first: PrologueOutcome?
        for count in 0...min(bytes.count, longest) {
            let outcome = step(bytes, count, end)
            if let first {
                if outcome != first { return false }
            } else if outcome != .waits {
                if case .passed(let prologue) = outcome, prologue.byteCount != count { return false }
                first = outcome
            }
        }
        return true
    }

    private func step(_ bytes: [UInt8], _ count: Int, _ peer: ConnectionEnd) -> PrologueOutcome {
        let shown = min(count, longest)
        switch filter.readPrologue(bytes.span.extracting(0..<shown), from: peer) {
        case .needsMore: return shown == longest ? .tooLong : .waits
        case .passed(let prologue):
            precondition(0...shown ~= prologue.byteCount, "a prologue has bytes that did not come")
            return .passed(prologue)
        case .refused(let reason): return .refused("\(reason.code)")
        }
    }
}

/// What became of a connection.
public enum PrologueOutcome: Sendable, Equatable {
    /// More bytes are needed.
    case waits
    case passed(Prologue)
    /// By the filter, for a reason with this code.
    case refused(String)
    /// By the gateway: there are as many bytes as the filter is shown, and it needs more.
    case tooLong

    public var prologue: Prologue? { if case .passed(let prologue) = self { prologue } else { nil } }
}

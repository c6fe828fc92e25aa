/// What `sluice why CODE` and docs/reasons.md say about a reason.
public struct ReasonExplanation: Sendable {
    /// Where to look first.
    public enum Fault: UInt8, CaseIterable, Sendable {
        /// The client sent something wrong, or too slowly, or went away.
        case client
        /// The app, or the network on the way to it.
        case app
        /// The config does not fit what is asked of the gateway, or the load is above what it allows.
        case config
        /// Nobody did anything wrong.
        case nobody
        /// Sluice or the machine that it runs on.
        case gateway
    }

    public let fault: Fault
    /// What happened, and what the gateway did.
    public let happened: StaticString
    /// What to do about it.
    public let advice: StaticString

    public init(_ fault: Fault, _ happened: StaticString, _ advice: StaticString) {
        self.fault = fault
        self.happened = happened
        self.advice = advice
    }
}

extension ReasonExplanation.Fault {
    /// The fault in words: `Whose fault: …`.
    public var text: StaticString {
        switch self {
        case .client: "the client's"
        case .app: "the app's, or the network's on the way to it"
        case .config: "the config's, or the load is above what it allows"
        case .nobody: "nobody's"
        case .gateway: "the gateway's, or the machine's that it runs on"
        }
    }
}

/// What a configuration says, checked and complete: the gateway is built from it and never looks at the text again.
///
/// Every index in it is valid, no destination leads back to itself, nesting is at most `Plan.depthLimit` deep, and
/// unfolding it gives at most `Plan.routeLimit` routes. Nothing in it was opened, resolved or
/// started.
public struct Plan: Sendable, Equatable {
    public var gateway: GatewayPlan
    /// At least one, in the order of the files.
    public var listeners: [ListenerPlan]
    public var routers: [RouterPlan]
    public var pipelines: [PipelinePlan]
    public var filters: [FilterPlan]
    public var apps: [AppPlan]

    /// The most routers and pipelines that a request can pass through on its way to an app.
    public static let depthLimit = 32
    /// The most ways by which requests can come from one router or pipeline to an app: what its table has when the routers that
    /// it leads to are unfolded into it.
    public static let routeLimit = 1_000_000

    /// The name of the section that a destination is.
    public func name(of destination: Destination) -> String {
        switch destination {
        case .app(let index): apps[index].name
        case .router(let index): routers[index].name
        case .pipeline(let index): pipelines[index].name
        }
    }
}

/// Where requests go next: an index into the plan's list of that kind.
public enum Destination: Sendable, Hashable {
    case app(Int)
    case router(Int)
    case pipeline(Int)
}

/// `[gateway]`
public struct GatewayPlan: Sendable, Equatable {
    public var loops: LoopCount
    /// Between the signal to stop and the end of listening.
    public var drainDelay: Duration
    /// nil waits for ever.
    public var drainTimeout: Duration?
    /// nil writes none.
    public var accessLog: AccessLogPlan?
    /// Networks whose forwarding fields are believed, where a listener says nothing else.
    public var trustedProxies: [CIDR]
    /// The pseudonym in `Via`; nil adds none anywhere.
    public var via: String?
    /// One exchange of so many is timed filter by filter; nil for none.
    public var filterTiming: Int?
}

/// How many event loops there are.
public enum LoopCount: Sendable, Equatable {
    /// One for each core that the process may run on.
    case auto
    case count(Int)
}

/// Where the access log goes, and in what form.
public struct AccessLogPlan: Sendable, Equatable {
    public enum Target: Sendable, Equatable {
        case stdout, stderr
        /// As the operator wrote it: absolute, or relative to the working directory.
        case file(String)
    }
    public enum Format: String, Sendable { case combined, json }

    public var target: Target
    public var format: Format
}

/// `[pipeline:NAME]`
public struct PipelinePlan: Sendable, Equatable {
    public var name: String
    /// Indexes into the plan's filters, in the order in which they see requests. May be empty.
    public var filters: [Int]
    public var destination: Destination
}

/// `[filter:NAME]`
public struct FilterPlan: Sendable, Equatable {
    public var name: String
    /// The filter's own name, by which its schema was found.
    public var use: String
    /// Checked against the filter's schema, with its defaults.
    public var options: OptionValues
    /// Where the section begins.
    public var location: SourceLocation
    /// What was made of the options; nil if nothing makes filters of this name.
    public var made: (any Sendable)?

    /// Whether the two sections say the same.
    public static func == (left: FilterPlan, right: FilterPlan) -> Bool {
        left.name == right.name && left.use == right.use && left.options == right.options && left.location == right.location
    }
}

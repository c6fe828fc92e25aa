/// The routers that a request came to, and which route it took in each.
public struct RouteTrail: Equatable, Sendable {
    public struct Stop: Equatable, Sendable {
        /// The index of the router in its set.
        public var router: Int
        /// The path that this router matched: as the routes before it have rewritten it.
        public var path: [UInt8]
        /// The value of the rule that fits best; nil if none does.
        public var route: Int?
    }

    public var stops: [Stop] = []
    /// Where the last route leads; nil if a router had none.
    public var found: FoundRoute?

    public init() {}
}

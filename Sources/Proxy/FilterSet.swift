import EventLoops
import FilterAPI
import Pipeline

/// One `[filter:NAME]` section.
public struct FilterSettings: Sendable {
    public var name: String
    public var plugin: any FilterPlugin
    /// Milliseconds that an answer may take which the filter asks for.
    public var askTimeout: Int64
    /// A request passes the filter when there is no answer.
    public var failsOpen: Bool

    public init(name: String, plugin: any FilterPlugin, askTimeout: Int64 = 1000, failsOpen: Bool = false) {
        self.name = name
        self.plugin = plugin
        self.askTimeout = askTimeout
        self.failsOpen = failsOpen
    }
}

/// One pipeline: filters, and where the requests go that pass them.
public struct PipelineSettings: Sendable {
    public var name: String
    /// Indexes into the filters.
    public var filters: [Int]
    public var routes: RouteSettings

    public init(name: String, filters: [Int], routes: RouteSettings) {
        self.name = name
        self.filters = filters
        self.routes = routes
    }
}

/// A filter that could not be made.
public struct FilterFault: Error, Sendable, CustomStringConvertible {
    /// The name of its section.
    public var filter: String
    public var error: ConfigurationError

    public var description: String {
        "[filter:\(filter)]: " + (error.option.map { "`\($0)`: " } ?? "") + error.message + (error.help.map { "; \($0)" } ?? "")
    }
}

/// The filters of a gateway: what all loops share of them.
public struct FilterSet: Sendable {
    private let filters: [FilterSettings]
    private let loopCount: Int
    private let sharing = SharedObjects()
    private let files = SharedObjects()
    private let system: KernelFilterSystem

    /// - Parameter complain: tells the operator of what goes wrong later, in one line. Called on any thread but a loop's, and may wait.
    public init(_ filters: [FilterSettings] = [], loopCount: Int = 1, complain: @escaping @Sendable (String) -> Void = { _ in }) {
        self.filters = filters
        self.loopCount = loopCount
        system = KernelFilterSystem(complain: complain)
    }

    /// The names of the sections.
    var names: [String] { filters.map(\.name) }

    /// Makes the filters of one loop, each once, in the order of their sections.
    func makeFilters(
        apps: [String], _ clock: LoopClock, _ state: LoopState, _ loop: EventLoop, _ services: any LoopServices
    ) throws(FilterFault) -> [any Filter] {
        var made: [any Filter] = []
        let loopSystem = LoopSystem(system, files: files, services: services) { loop.post($0) }
        for filter in filters {
            let context = LoopContext(
                index: loop.index, count: loopCount, section: filter.name, clock: clock, sharing: sharing, state: state, apps: apps,
                system: loopSystem)
            do throws(ConfigurationError) {
                made.append(try filter.plugin.makeFilter(on: context))
            } catch {
                throw FilterFault(filter: filter.name, error: error)
            }
        }
        return made
    }

    /// Makes pipelines of filters that `makeFilters` made.
    func makePipelines(_ pipelines: [PipelineSettings], of made: [any Filter]) -> [LoopPipeline] {
        pipelines.map { pipeline in
            LoopPipeline(
                filters: CompiledPipeline(pipeline.filters.map { made[$0] }), settings: pipeline.filters.map { filters[$0] },
                numbers: pipeline.filters, routes: pipeline.routes)
        }
    }
}

/// A pipeline on one loop. An object, so that a request on its way borrows it and counts no reference to what it holds.
final class LoopPipeline {
    let filters: CompiledPipeline
    /// Of its filters, in their order.
    let settings: [FilterSettings]
    /// Of its filters among all of the gateway.
    let numbers: [Int]
    let routes: RouteSettings
    /// Requests that all of its filters let pass at once, and that were not timed: the usual case costs one count.
    var passes: UInt64 = 0

    init(filters: CompiledPipeline, settings: [FilterSettings], numbers: [Int], routes: RouteSettings) {
        self.filters = filters
        self.settings = settings
        self.numbers = numbers
        self.routes = routes
    }

    /// The number of the filter that sees requests at a step.
    func number(ofStep step: Int) -> Int { numbers[filters.position(ofRequestStep: step)] }
}

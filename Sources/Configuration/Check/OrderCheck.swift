/// A filter in a pipeline, and where it stands there.
struct PipelineStep {
    var filter: Int
    var range: SourceRange
}

/// Warns of filters that requests pass in an order that these filters themselves say is wrong, and of those that are passed twice. Pipelines
/// that lead to others, and routers between them, are one way for a request.
struct OrderCheck {
    /// The filters that requests may have passed, each where it was passed first.
    private struct Passed {
        private(set) var steps: [PipelineStep] = []
        private var filters: Set<Int> = []

        mutating func add(_ step: PipelineStep) {
            if filters.insert(step.filter).inserted { steps.append(step) }
        }

        func contains(_ filter: Int) -> Bool { filters.contains(filter) }
    }

    private let builder: PlanBuilder
    private let graph: Graph
    private let order: [Int]
    /// Comparisons that are still made: their number may grow with the square of the file. What is left then is not looked at.
    private var budget = 200_000
    private var reported: Set<Finding> = []

    private struct Finding: Hashable {
        var file: Int32
        var start: Int32
        var code: DiagnosticCode
        var what: String
    }

    /// - Parameter order: every node before those that it leads to.
    init(_ builder: PlanBuilder, _ graph: Graph, _ order: [Int]) {
        self.builder = builder
        self.graph = graph
        self.order = order
    }

    mutating func run(_ report: inout Report) {
        var passed = [Passed?](repeating: nil, count: builder.routes.count + builder.pipelineSteps.count)
        for link in builder.serve { if let node = link.flatMap({ graph.node($0.destination) }) { passed[node] = Passed() } }
        for node in order {
            guard var way = passed[node] else { continue }
            // Nothing asks for it again: every node that leads here was seen.
            passed[node] = nil
            if node >= builder.routes.count {
                for step in builder.pipelineSteps[node - builder.routes.count] {
                    guard spend(way) else { return }
                    check(step, behind: way, &report)
                    way.add(step)
                }
            }
            for link in graph.targets(of: node) {
                guard let target = graph.node(link.destination) else { continue }
                guard spend(way) else { return }
                guard passed[target] != nil else {
                    passed[target] = way
                    continue
                }
                for step in way.steps { passed[target]?.add(step) }
            }
        }
    }

    /// False when enough was compared.
    private mutating func spend(_ way: Passed) -> Bool {
        budget -= way.steps.count + 1
        return budget > 0
    }

    private mutating func check(_ step: PipelineStep, behind way: Passed, _ report: inout Report) {
        if way.contains(step.filter), let first = way.steps.first(where: { $0.filter == step.filter }) {
            return warn(
                .pipelineRepeated, step, "", "requests pass \(quoted(name(step))) twice", help: "remove one of the two, or let the second be a filter of its own",
                note: "it is passed here, too", first, &report)
        }
        let own = builder.filterOrders[step.filter]
        for earlier in way.steps {
            let other = builder.filterOrders[earlier.filter]
            for rule in own.rules where rule.side == .before && other.roles.contains(rule.role) {
                warn(
                    .pipelineOrder, step, rule.reason, "\(quoted(name(step))) stands behind \(quoted(name(earlier))): \(rule.reason)",
                    help: "put \(quoted(name(step))) before \(quoted(name(earlier)))", note: "\(quoted(name(earlier))) stands here", earlier, &report)
            }
            for rule in other.rules where rule.side == .behind && own.roles.contains(rule.role) {
                warn(
                    .pipelineOrder, earlier, rule.reason, "\(quoted(name(earlier))) stands before \(quoted(name(step))): \(rule.reason)",
                    help: "put \(quoted(name(earlier))) behind \(quoted(name(step)))", note: "\(quoted(name(step))) stands here", step, &report)
            }
        }
        checkFields(step, own.fields, behind: way, &report)
    }

    private mutating func checkFields(_ step: PipelineStep, _ uses: [FieldUse], behind way: Passed, _ report: inout Report) {
        for own in uses {
            switch own {
            // What was taken off before counts, unless somebody may have written it again.
            case .reads(let field) where !isWritten(field, in: way):
                for earlier in way.steps where use(of: field, by: earlier, \.isRemoval) != nil {
                    warn(
                        .pipelineField, step, field.lowercased(),
                        "\(quoted(name(step))) goes by the field \(quoted(field)), which \(quoted(name(earlier))) takes off before it",
                        help: "put \(quoted(name(step))) before \(quoted(name(earlier))), or let that one leave the field", note: "\(quoted(name(earlier))) stands here", earlier,
                        &report)
                }
            case .sets(let field) where !isWritten(field, in: way):
                for earlier in way.steps {
                    guard let read = use(of: field, by: earlier, \.isReading) else { continue }
                    warn(
                        .pipelineField, earlier, field.lowercased(),
                        "\(quoted(name(earlier))) goes by the field \(quoted(read.field)), which \(quoted(name(step))) sets behind it: it sees what clients choose to send",
                        help: "put \(quoted(name(earlier))) behind \(quoted(name(step)))", note: "\(quoted(name(step))) stands here", step, &report)
                }
            default: break
            }
        }
    }

    private func isWritten(_ field: String, in way: Passed) -> Bool {
        way.steps.contains { use(of: field, by: $0, \.isWriting) != nil }
    }

    private func use(of field: String, by step: PipelineStep, _ kind: KeyPath<FieldUse, Bool>) -> FieldUse? {
        builder.filterOrders[step.filter].fields.first { $0[keyPath: kind] && $0.field.lowercased() == field.lowercased() }
    }

    private func name(_ step: PipelineStep) -> String { builder.filterSections[step.filter].name }

    /// Once for each word of the file and each thing that is wrong with it, however many ways lead there.
    private mutating func warn(
        _ code: DiagnosticCode, _ step: PipelineStep, _ what: String, _ message: String, help: String, note: String, _ other: PipelineStep,
        _ report: inout Report
    ) {
        guard reported.insert(Finding(file: step.range.file, start: Int32(step.range.start), code: code, what: what)).inserted else { return }
        report.warning(code, at: step.range, message, help: help, notes: [(note, other.range)])
    }
}

extension FieldUse {
    fileprivate var field: String {
        switch self {
        case .reads(let field), .sets(let field), .writes(let field), .removes(let field): field
        }
    }

    fileprivate var isReading: Bool { if case .reads = self { true } else { false } }
    fileprivate var isRemoval: Bool { if case .removes = self { true } else { false } }
    fileprivate var isWriting: Bool {
        switch self {
        case .sets, .writes: true
        case .reads, .removes: false
        }
    }
}

/// Warns of sections that no listener leads to.
struct UseCheck {
    private let builder: PlanBuilder
    private let graph: Graph

    init(_ builder: PlanBuilder, _ graph: Graph) {
        self.builder = builder
        self.graph = graph
    }

    func run(_ report: inout Report) {
        let starts = builder.serve.compactMap { $0?.destination }
        var (nodes, apps) = graph.reachable(from: starts, appCount: builder.apps.count)
        func isUsed(_ destination: Destination) -> Bool { graph.node(destination).map { nodes[$0] } ?? false }

        for (index, section) in builder.routerSections.enumerated() where !isUsed(.router(index)) { warn(section, &report) }
        for (index, section) in builder.pipelineSections.enumerated() where !isUsed(.pipeline(index)) { warn(section, &report) }
        var filters = [Bool](repeating: false, count: builder.filterSections.count)
        for (index, used) in builder.pipelineSteps.enumerated() where isUsed(.pipeline(index)) {
            for step in used { filters[step.filter] = true }
        }
        for used in builder.through {
            for filter in used { filters[filter] = true }
        }
        for index in filters.indices where filters[index] {
            for app in builder.filterApps[index] { apps[app] = true }
        }
        for (index, app) in builder.apps.enumerated() where !apps[index] { warn(app.section, &report) }
        for (index, section) in builder.filterSections.enumerated() where !filters[index] {
            report.warning(
                .sectionUnused, at: section.header, "\(section.title) is not used",
                help: "no pipeline that a listener leads to has it, and no listener; comment it out if that is meant")
        }
    }

    private func warn(_ section: Section, _ report: inout Report) {
        report.warning(
            .sectionUnused, at: section.header, "\(section.title) is not used",
            help: "no listener leads to it; comment it out if that is meant")
    }
}

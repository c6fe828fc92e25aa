/// Makes the plan of checked sections. Runs to the end whatever is wrong on the way, so that everything is reported; what
/// could not be made out is left out, and the plan is then not used.
struct PlanBuilder {
    private let names: SectionNames
    private let kinds: FilterKinds
    var gateway: CheckedSection
    var listeners: [CheckedSection] = []
    var apps: [CheckedSection] = []
    var routes: [[CheckedRoute]] = []
    /// The links of each listener, route (by router) and pipeline; nil where the reference is broken.
    var serve: [Link?] = []
    var routeLinks: [[Link?]] = []
    var pipelineLinks: [Link?] = []
    var pipelineSteps: [[PipelineStep]] = []
    /// The connection filters of each listener.
    var through: [[Int]] = []
    /// Which of the filters stand on listeners; nil where its kind is not known.
    private var isConnectionFilter: [Bool?] = []
    /// Which of them encipher what comes behind them.
    private var isSecuring: [Bool] = []
    /// The filters whose kind is known.
    var filterChecks: [CheckedSection] = []
    /// Where each filter says that it belongs; of one that is broken, anywhere.
    var filterOrders: [FilterOrder] = []
    /// The apps that the options of each filter name.
    var filterApps: [[Int]] = []

    init(_ sections: [Section], _ schemas: FilterSchemas, _ report: inout Report) {
        names = SectionNames(sections, &report)
        kinds = FilterKinds(schemas, names.filters, &report)
        let noGateway = SourceRange(file: 0, 0..<0)
        gateway = CheckedSection(
            section: Section(kind: .gateway, name: "", header: noGateway, nameRange: noGateway),
            values: OptionValues(defaultsOf: .gateway))
    }

    var routerSections: [Section] { names.routers }
    var pipelineSections: [Section] { names.pipelines }
    var filterSections: [Section] { names.filters }

    mutating func build(_ report: inout Report) -> Plan? {
        if let section = names.gateway {
            var check = OptionCheck(section, .gateway)
            gateway = check.run(&report)
        }
        for section in names.listeners { checkListener(section, &report) }
        var filters: [FilterPlan?] = []
        for section in names.filters {
            filterApps.append([])
            isConnectionFilter.append(nil)
            isSecuring.append(false)
            filterOrders.append(FilterOrder())
            filters.append(filter(section, &report))
        }
        for listener in listeners {
            let filters = connectionFilters(of: listener, &report)
            through.append(filters)
            // Where a filter is misspelt or refused, nobody knows what it would do.
            guard filters.count == (listener.words["through"] ?? []).count, filters.allSatisfy({ isConnectionFilter[$0] != nil }) else { continue }
            ProtocolCheck(listener: listener, isSecure: filters.contains { isSecuring[$0] }).run(&report)
        }
        for section in names.pipelines { checkPipeline(section, &report) }
        for section in names.routers { checkRouter(section, &report) }
        for section in names.apps { checkApp(section, &report) }
        if names.listeners.isEmpty, report.graphIsWhole {
            report.error(
                .listenerNone, inFile: 0, "there is no listener: the gateway would accept nothing",
                help: "add `[listener:NAME]` with `listen = 127.0.0.1:8080` and `serve = …`")
        }

        let graph = graph()
        let order = graph.check(&report)
        AddressCheck(listeners: listeners, apps: apps).run(&report)
        DangerCheck(gateway: gateway, listeners: listeners, apps: apps).run(&report)
        // Where a name was misspelt, what it meant would seem unused.
        if report.graphIsWhole, let order {
            UseCheck(self, graph).run(&report)
            RouteReach(self, graph, order).run(&report)
            var check = OrderCheck(self, graph, order)
            check.run(&report)
        }
        guard !report.hasErrors else { return nil }
        return plan(filters.compactMap(\.self), report)
    }

    // MARK: Sections

    private mutating func checkListener(_ section: Section, _ report: inout Report) {
        var check = OptionCheck(section, .listener)
        let checked = check.run(&report)
        listeners.append(checked)
        serve.append(checked.words["serve"]?.first.flatMap { names.destination($0, from: "a listener", &report) })
    }

    private mutating func checkPipeline(_ section: Section, _ report: inout Report) {
        var check = OptionCheck(section, .pipeline)
        let words = check.run(&report).words["pipeline"] ?? []
        pipelineSteps.append(
            words.dropLast().compactMap { word in filter(named: word, onListener: false, &report).map { PipelineStep(filter: $0, range: word.range) } })
        pipelineLinks.append(words.last.flatMap { names.destination($0, from: "the end of a pipeline", &report) })
    }

    private func connectionFilters(of listener: CheckedSection, _ report: inout Report) -> [Int] {
        var found: [Int] = []
        for word in listener.words["through"] ?? [] {
            guard let index = filter(named: word, onListener: true, &report) else { continue }
            if found.contains(index) {
                report.error(
                    .referenceKind, at: word.range, "\(quoted(word.text)) stands twice in `through`",
                    help: "a connection passes each of its filters once: take one of the two out")
            } else if let before = found.last(where: { isSecuring[$0] }) {
                let name = names.filters[before].name
                report.error(
                    .referenceKind, at: word.range, "\(quoted(word.text)) stands behind \(quoted(name)), which deciphers connections for HTTP alone",
                    help: "put \(quoted(name)) last in `through`, and only one filter of its kind")
            }
            found.append(index)
        }
        return found
    }

    /// The filter that a word names, if it may stand where the word stands.
    private func filter(named word: Word, onListener: Bool, _ report: inout Report) -> Int? {
        guard let index = names.filter(word, onListener: onListener, &report) else { return nil }
        guard let isOfConnections = isConnectionFilter[index], isOfConnections != onListener else { return index }
        if onListener {
            report.error(
                .referenceKind, at: word.range, "\(quoted(word.text)) works on requests; `through` names filters that work on connections",
                expected: "a filter such as `tls-termination`", help: "put it into a pipeline: `pipeline = \(word.text) …`",
                notes: [("the filter", names.filters[index].header)], leavesGap: true)
        } else {
            report.error(
                .referenceKind, at: word.range, "\(quoted(word.text)) works on connections; a pipeline has filters that work on requests",
                expected: "a filter of requests", help: "name it in a listener: `through = \(word.text)`",
                notes: [("the filter", names.filters[index].header)], leavesGap: true)
        }
        return nil
    }

    private mutating func checkRouter(_ section: Section, _ report: inout Report) {
        let checked = RouteCheck(section).run(&report)
        routes.append(checked)
        routeLinks.append(checked.map { names.destination($0.destination, from: "a route", &report) })
    }

    private mutating func checkApp(_ section: Section, _ report: inout Report) {
        var check = OptionCheck(section, .app)
        let checked = check.run(&report)
        apps.append(checked)
        let isGivenServers = checked.keys["servers"] != nil
        if let use = checked.keys["use"] {
            if isGivenServers {
                report.error(
                    .appBoth, at: use, "\(section.title) has both `use` and `servers`",
                    help: "an app is built in or has servers: remove one of the two", notes: [("the servers", checked.keys["servers"]!)])
                return
            }
            for option in OptionSchema.app.options where option.name != "use" {
                guard let key = checked.keys[option.name] else { continue }
                report.warning(
                    .optionWithoutEffect, at: key, "\(quoted(option.name)) has no effect on an app that is built in",
                    help: "it is for apps with `servers`")
            }
        } else if isGivenServers {
            ServerCheck(checked).run(&report)
        } else if !section.hasBrokenLine, !section.entries.contains(where: { OptionSchema.app[$0.key.text] == nil }) {
            // An unknown option may be `servers` misspelt: one error is enough.
            report.error(
                .appEmpty, at: section.header, "\(section.title) has neither `servers` nor `use`",
                help: "add `servers = host:port …`, or `use = echo` for a first try")
        }
    }

    private mutating func filter(_ section: Section, _ report: inout Report) -> FilterPlan? {
        let uses = section.entries.filter { $0.key.text == "use" && !$0.isBroken }
        // Without the filter's name its options cannot be judged.
        guard let use = uses.first?.value.first, !use.isBroken else {
            if uses.isEmpty {
                report.error(
                    .optionMissing, at: section.header, "\(section.title) needs the option `use`", expected: kinds.expectation,
                    help: "add a line `use = …`")
            } else if uses[0].value.isEmpty {
                report.error(.valueMissing, at: uses[0].valueRange, "`use` has no value", expected: kinds.expectation)
            }
            return nil
        }
        guard let kind = kinds.find(use, &report) else { return nil }
        isConnectionFilter[isConnectionFilter.count - 1] = kind.isConnectionFilter
        isSecuring[isSecuring.count - 1] = kind.isSecuring
        var check = OptionCheck(section, OptionSchema(OptionSchema.filter.options + kind.schema.options))
        let errorsBefore = report.errorCount
        let checked = check.run(&report)
        filterChecks.append(checked)
        filterApps[filterApps.count - 1] = checked.references.compactMap { names.app($0, &report) }
        var filter = FilterPlan(
            name: section.name, use: kind.name, options: checked.values, location: report.location(of: section.header))
        // Options that do not fit the schema would only be found wrong a second time.
        if report.errorCount == errorsBefore, let make = kind.make {
            do throws(ConfigurationError) {
                let made = try make(section.name, checked.values)
                filter.made = made.filter
                filterOrders[filterOrders.count - 1] = made.order
            } catch {
                report.error(.filterOptions, at: place(of: error, in: checked), error.message, expected: error.expected, help: error.help)
            }
        }
        return filter
    }

    /// Where to point for what a filter finds wrong: at the value, at the option, or at its section.
    private func place(of error: ConfigurationError, in checked: CheckedSection) -> SourceRange {
        guard let option = error.option else { return checked.section.header }
        guard let words = checked.words[option], !words.isEmpty else { return checked.keys[option] ?? checked.section.header }
        if let value = error.value, words.indices.contains(value) { return words[value].range }
        return words[0].range.extended(to: words[words.count - 1].range)
    }

    private func graph() -> Graph {
        Graph(
            routers: zip(names.routers, routeLinks).map { ($0.name, $1.compactMap(\.self)) },
            pipelines: zip(names.pipelines, pipelineLinks).map { ($0.name, [$1].compactMap(\.self)) })
    }
}

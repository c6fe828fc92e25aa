/// The sections of a configuration, sorted by kind and found by name.
struct SectionNames {
    private(set) var gateway: Section?
    private(set) var listeners: [Section] = []
    private(set) var filters: [Section] = []
    private(set) var pipelines: [Section] = []
    private(set) var routers: [Section] = []
    private(set) var apps: [Section] = []

    private var destinations: [String: (destination: Destination, header: SourceRange)] = [:]
    private var filterIndexes: [String: Int] = [:]
    private var listenerHeaders: [String: SourceRange] = [:]
    /// Names of sections whose kind was not understood: references to them are not wrong too.
    private var unclear: Set<String> = []

    /// Sorts the sections and reports names that stand for two of them.
    init(_ sections: [Section], _ report: inout Report) {
        for section in sections {
            guard let kind = section.kind else {
                unclear.insert(section.name)
                continue
            }
            if let first = header(of: kind, section.name) {
                report.error(
                    .sectionDuplicate, at: section.header, "\(section.title) stands twice",
                    help: kind.isNamed ? "give one of them another name" : "there is one gateway: join the two",
                    notes: [("the first one", first)], leavesGap: true)
                continue
            }
            if kind.isDestination, let other = destinations[section.name] {
                report.error(
                    .sectionNameTaken, at: section.nameRange, "the name \(quoted(section.name)) is taken",
                    help: "apps, routers and pipelines share one set of names, because a route may lead to each of them",
                    notes: [("by this section", other.header)], leavesGap: true)
                continue
            }
            add(section, kind)
        }
    }

    private func header(of kind: SectionKind, _ name: String) -> SourceRange? {
        switch kind {
        case .gateway: gateway?.header
        case .listener: listenerHeaders[name]
        case .filter: filterIndexes[name].map { filters[$0].header }
        case .app:
            if let known = destinations[name], case .app = known.destination { known.header } else { nil }
        case .router:
            if let known = destinations[name], case .router = known.destination { known.header } else { nil }
        case .pipeline:
            if let known = destinations[name], case .pipeline = known.destination { known.header } else { nil }
        }
    }

    private mutating func add(_ section: Section, _ kind: SectionKind) {
        switch kind {
        case .gateway: gateway = section
        case .listener:
            listenerHeaders[section.name] = section.header
            listeners.append(section)
        case .filter:
            filterIndexes[section.name] = filters.count
            filters.append(section)
        case .app:
            destinations[section.name] = (.app(apps.count), section.header)
            apps.append(section)
        case .router:
            destinations[section.name] = (.router(routers.count), section.header)
            routers.append(section)
        case .pipeline:
            destinations[section.name] = (.pipeline(pipelines.count), section.header)
            pipelines.append(section)
        }
    }

    // MARK: References

    /// The app, router or pipeline that a word names. Reports it if there is none.
    ///
    /// - Parameter place: what leads there, for the message: "a route".
    func destination(_ word: Word, from place: String, _ report: inout Report) -> Link? {
        guard !word.isBroken else { return nil }
        if let known = destinations[word.text] { return Link(destination: known.destination, range: word.range) }
        guard !unclear.contains(word.text) else { return nil }
        let expected = "an app, a router or a pipeline"
        if let filter = filterIndexes[word.text] {
            report.error(
                .referenceKind, at: word.range, "\(quoted(word.text)) is a filter; \(place) leads to an app, a router or a pipeline",
                expected: expected, help: "a filter stands in a pipeline, before where the pipeline leads: `pipeline = \(word.text) …`",
                notes: [("the filter", filters[filter].header)], leavesGap: true)
            return nil
        }
        if let listener = listenerHeaders[word.text] {
            report.error(
                .referenceKind, at: word.range, "\(quoted(word.text)) is a listener; \(place) leads to an app, a router or a pipeline",
                expected: expected, notes: [("the listener", listener)], leavesGap: true)
            return nil
        }
        let near = report.suggestion(for: word.text, among: destinationNames)
        var help = near
        if help == nil, (try? ServerAddress.parse(word.text)) != nil {
            help = "a server stands in an app: `[app:NAME]` with `servers = \(word.text)`"
        }
        report.error(
            .referenceUnknown, at: word.range, "there is no app, router or pipeline \(quoted(word.text))", expected: expected,
            help: help ?? "add a section `[app:\(word.text)]`", leavesGap: true)
        return nil
    }

    /// The index of the filter that a word names, in a pipeline or in `through` of a listener. Reports it if there is none.
    func filter(_ word: Word, onListener: Bool, _ report: inout Report) -> Int? {
        guard !word.isBroken else { return nil }
        if let index = filterIndexes[word.text] { return index }
        guard !unclear.contains(word.text) else { return nil }
        if let known = destinations[word.text] {
            report.error(
                .referenceKind, at: word.range, "\(quoted(word.text)) is not a filter", expected: "a filter",
                help: onListener ? "`serve` says where the listener leads" : "only the last word of a pipeline is where it leads", notes: [("it is this section", known.header)],
                leavesGap: true)
            return nil
        }
        let near = report.suggestion(for: word.text, among: filters.map(\.name))
        report.error(
            .referenceUnknown, at: word.range, "there is no filter \(quoted(word.text))", expected: "a filter",
            help: near ?? "add a section `[filter:\(word.text)]`", leavesGap: true)
        return nil
    }

    /// The index of the app that a word in a filter names. Reports it if there is none.
    func app(_ word: Word, _ report: inout Report) -> Int? {
        if let known = destinations[word.text] {
            if case .app(let index) = known.destination { return index }
            report.error(
                .referenceKind, at: word.range, "\(quoted(word.text)) is not an app; a filter leads to an app", expected: "an app",
                notes: [("it is this section", known.header)], leavesGap: true)
            return nil
        }
        guard !unclear.contains(word.text) else { return nil }
        let near = report.suggestion(for: word.text, among: apps.map(\.name))
        report.error(
            .referenceUnknown, at: word.range, "there is no app \(quoted(word.text))", expected: "an app",
            help: near ?? "add a section `[app:\(word.text)]`", leavesGap: true)
        return nil
    }

    private var destinationNames: [String] { apps.map(\.name) + routers.map(\.name) + pipelines.map(\.name) }
}

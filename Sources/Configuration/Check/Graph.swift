/// A reference from one section to another, and where it stands.
struct Link {
    var destination: Destination
    var range: SourceRange
}

/// The routers and pipelines of a configuration and what they lead to.
struct Graph {
    private let routerCount: Int
    /// What each router leads to, then what each pipeline leads to.
    private let links: [[Link]]
    private let names: [String]

    init(routers: [(name: String, links: [Link])], pipelines: [(name: String, links: [Link])]) {
        routerCount = routers.count
        links = routers.map(\.links) + pipelines.map(\.links)
        names = routers.map(\.name) + pipelines.map(\.name)
    }

    /// The node of a router or pipeline; nil for an app, where every way ends.
    func node(_ destination: Destination) -> Int? {
        switch destination {
        case .app: nil
        case .router(let index): index
        case .pipeline(let index): routerCount + index
        }
    }

    /// Reports the references that lead back to where they come from, and ways that are too long.
    ///
    /// - Returns: the nodes so that each stands before those that it leads to; nil if there is a loop.
    func check(_ report: inout Report) -> [Int]? {
        enum Mark { case new, open, done }
        var marks = [Mark](repeating: .new, count: links.count)
        var depth = [Int](repeating: 1, count: links.count)
        var finished: [Int] = []
        var hasLoop = false
        // An explicit stack: a file may chain as many sections as it likes.
        var stack: [(node: Int, next: Int)] = []
        for start in links.indices where marks[start] == .new {
            marks[start] = .open
            stack.append((start, 0))
            while let (node, next) = stack.last {
                guard next < links[node].count else {
                    marks[node] = .done
                    finished.append(node)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let link = links[node][next]
                guard let target = self.node(link.destination), marks[target] != .done else { continue }
                if marks[target] == .open {
                    hasLoop = true
                    let first = stack.firstIndex { $0.node == target } ?? 0
                    reportLoop(stack[first...].map(\.node), link, &report)
                } else {
                    marks[target] = .open
                    stack.append((target, 0))
                }
            }
        }
        guard !hasLoop else { return nil }
        for node in finished {
            for link in links[node] {
                guard let target = self.node(link.destination), depth[target] + 1 > depth[node] else { continue }
                depth[node] = depth[target] + 1
                if depth[node] == Plan.depthLimit + 1 {
                    report.error(
                        .referenceTooDeep, at: link.range,
                        "from \(quoted(names[node])) to an app it is more than \(Plan.depthLimit) routers and pipelines",
                        help: "let a route or pipeline lead nearer to the app")
                }
            }
        }
        checkCounts(finished, &report)
        return finished.reversed()
    }

    /// Reports routers that unfold to more routes than a table may have.
    ///
    /// - Parameter finished: every node behind those that it leads to.
    private func checkCounts(_ finished: [Int], _ report: inout Report) {
        var counts = [Int](repeating: 0, count: links.count)
        for node in finished {
            var isReported = false
            for link in links[node] {
                let count = self.node(link.destination).map { counts[$0] } ?? 1
                isReported = isReported || count > Plan.routeLimit
                // Above the limit it is only known that it is: a sum of sums could overflow.
                counts[node] = min(counts[node] + count, Plan.routeLimit + 1)
            }
            guard counts[node] > Plan.routeLimit, !isReported, let last = links[node].last else { continue }
            report.error(
                .referenceTooMany, at: last.range,
                "\(quoted(names[node])) unfolds to more than \(Plan.routeLimit) routes: each of its routes leads to all of a router's",
                help: "let fewer routes lead to routers")
        }
    }

    private func reportLoop(_ nodes: [Int], _ link: Link, _ report: inout Report) {
        var shown = nodes.prefix(8).map { names[$0] }
        if nodes.count > 8 { shown.append("…") }
        shown.append(names[nodes[0]])
        let start = names[nodes[0]]
        report.error(
            .referenceLoop, at: link.range,
            nodes.count == 1
                ? "\(quoted(start)) leads to itself" : "this leads back to \(quoted(start)): \(shown.joined(separator: " → "))",
            help: "every way must end at an app", leavesGap: true)
    }

    /// What a router or pipeline leads to.
    func targets(of node: Int) -> [Link] { links[node] }

    /// The nodes and apps that `starts` lead to, themselves included.
    func reachable(from starts: [Destination], appCount: Int) -> (nodes: [Bool], apps: [Bool]) {
        var nodes = [Bool](repeating: false, count: links.count)
        var apps = [Bool](repeating: false, count: appCount)
        var waiting = starts
        while let destination = waiting.popLast() {
            if case .app(let index) = destination { apps[index] = true }
            guard let node = node(destination), !nodes[node] else { continue }
            nodes[node] = true
            waiting += links[node].map(\.destination)
        }
        return (nodes, apps)
    }
}

import Configuration
import Routing

/// What holds for every `gateway.conf`, right or wrong.
package func checkConfiguration(_ bytes: [UInt8]) {
    var files = MemoryFiles(["parts/demo.conf": "[app:demo]\nuse = echo\n"])
    files.files["gateway.conf"] = bytes
    let (plan, diagnostics) = Configuration.load(
        path: "gateway.conf", files: files, environment: sampleEnvironment, filters: sampleFilters)
    check((plan == nil) == diagnostics.contains { $0.severity == .error }, "a plan and an error, or neither", bytes)
    let lineCount = bytes.count { $0 == UInt8(ascii: "\n") } + 1
    for diagnostic in diagnostics {
        check(diagnostic.severity == diagnostic.code.severity, "another severity than the code's", bytes)
        guard let location = diagnostic.location else { continue }
        check(location.line >= 1 && location.column >= 1 && location.endColumn > location.column, "a place that is none", bytes)
        check(location.file != "gateway.conf" || location.line <= lineCount, "a line behind the end", bytes)
    }
    for scalar in (diagnostics.text() + diagnostics.json).unicodeScalars {
        check((scalar.value >= 0x20 || scalar == "\n") && !(0x7F..<0xA0).contains(scalar.value), "a control character", bytes)
    }
    if let plan { checkPlan(plan, bytes) }
}

private func checkPlan(_ plan: Plan, _ bytes: [UInt8]) {
    check(!plan.listeners.isEmpty, "no listener", bytes)
    var depths: [Destination: Int] = [:]
    for listener in plan.listeners {
        check(!listener.addresses.isEmpty, "no address", bytes)
        check(listener.through.allSatisfy(plan.filters.indices.contains), "a connection filter that is not there", bytes)
        check(Set(listener.through).count == listener.through.count, "a connection filter that stands twice", bytes)
        check(listener.through.allSatisfy { plan.filters[$0].use == "tls-termination" }, "a filter of requests on a listener", bytes)
        check(listener.headLimits.targetBytes <= listener.headLimits.headBytes, "limits out of order", bytes)
        check(depth(of: listener.serve, in: plan, &depths, left: 1000, bytes) <= Plan.depthLimit, "too deep", bytes)
    }
    for router in plan.routers {
        check(!router.routes.isEmpty, "no routes", bytes)
        for route in router.routes {
            check(route.path == "/" + route.segments.joined(separator: "/"), "a path and other segments", bytes)
        }
        do throws(RouteRuleFault) {
            _ = try RouteTable(router.routes.map(rule))
        } catch {
            check(false, "the route table refuses: \(error)", bytes)
        }
    }
    for app in plan.apps {
        if case .upstream(let upstream) = app.kind {
            check(!upstream.servers.isEmpty && upstream.retry.tries > 0, "an app without servers", bytes)
            let secure = upstream.servers.count { if case .tls = $0 { true } else { false } }
            check(secure == 0 || secure == upstream.servers.count, "servers with TLS and without", bytes)
            check(secure == 0 || (upstream.tls.certificate == nil) == (upstream.tls.key == nil), "a certificate without its key", bytes)
        }
    }
}

/// How many routers and pipelines lie on the longest way to an app.
private func depth(
    of destination: Destination, in plan: Plan, _ known: inout [Destination: Int], left: Int, _ bytes: [UInt8]
) -> Int {
    if let depth = known[destination] { return depth }
    check(left > 0, "a loop", bytes)
    let result: Int
    switch destination {
    case .app(let index):
        check(plan.apps.indices.contains(index), "an app that is not there", bytes)
        result = 0
    case .router(let index):
        check(plan.routers.indices.contains(index), "a router that is not there", bytes)
        let depths = plan.routers[index].routes.map { depth(of: $0.destination, in: plan, &known, left: left - 1, bytes) }
        result = 1 + (depths.max() ?? 0)
    case .pipeline(let index):
        check(plan.pipelines.indices.contains(index), "a pipeline that is not there", bytes)
        let pipeline = plan.pipelines[index]
        check(pipeline.filters.allSatisfy(plan.filters.indices.contains), "a filter that is not there", bytes)
        check(pipeline.filters.allSatisfy { plan.filters[$0].use != "tls-termination" }, "a filter of connections in a pipeline", bytes)
        result = 1 + depth(of: pipeline.destination, in: plan, &known, left: left - 1, bytes)
    }
    known[destination] = result
    return result
}

/// A route as the route table takes it.
private func rule(_ route: RoutePlan) -> RouteRule {
    let host: HostRule =
        switch route.host {
        case nil: .any
        case .exact(let name, let port): .exact(name, port: port.map { UInt16($0) })
        case .wildcard(let suffix): .wildcard(suffix: suffix)
        }
    return RouteRule(host: host, path: route.path, value: 0)
}

/// Filters that exist in tests alone: with options of the types that the sections of the gateway do not use.
package let sampleFilters = FilterSchemas([
    "rate-limit": OptionSchema([
        Option("rate", .rate, isRequired: true, "How much."),
        Option("burst", .integer(0...1_000_000), standard: "0", "How much at once."),
        Option("key", .choice(["client-address", "host"]), standard: "client-address", "By what."),
    ]),
    "gzip": OptionSchema([
        Option("types", .string, standard: "text/*", isList: true, "Media types."),
        Option("level", .integer(1...9), standard: "1", "How hard to try."),
        Option("comment", .string, "A text."),
    ]),
    "tls-termination": OptionSchema([
        Option("certificate", .string, isRequired: true, "A file."),
        Option("private-key", .string, isRequired: true, "A file."),
        Option("key-log", .string, danger: "whoever reads that file reads all traffic", "A file."),
    ]),
    "schedule": OptionSchema([
        Option("begins", .date, "When it begins."),
        Option("closed", .period, isList: true, "When it is closed."),
        Option("instead", .section, "The app that is asked meanwhile."),
        Option(
            "opening",
            .entry(
                .token,
                OptionSchema([
                    Option("state", .choice(["open", "shut"]), standard: "open", "What it is."),
                    Option("until", .date, isRequired: true, "Its end."),
                    Option("pause", .period, isList: true, "Breaks."),
                    Option("app", .section, "Where it goes."),
                    Option("note", .string, "A text."),
                ])), isList: true, isRepeatable: true, "What is when."),
    ]),
], makers: [
    "rate-limit": { (section, options) throws(ConfigurationError) in
        if options.integer("burst") == 13 {
            throw ConfigurationError("a burst of 13 brings bad luck", option: "burst", expected: "another number", help: "12 is close")
        }
        return MadeFilter(section)
    },
    "gzip": { (section, options) throws(ConfigurationError) in
        if let index = options.words("types").firstIndex(of: "*") {
            throw ConfigurationError("`*` is no media type", option: "types", value: index)
        }
        if options.integer("level") == 9 && options.isGiven("comment") { throw ConfigurationError("level 9 leaves no time for a comment") }
        return MadeFilter(section)
    },
], connectionFilters: ["tls-termination"], securing: ["tls-termination"], load: samplePlugin)

/// The files of plug-ins that exist in tests alone.
private func samplePlugin(_ path: String) -> Result<LoadedFilter, PluginFault> {
    func loaded(_ name: String, _ options: [Option] = [], identity: String? = nil, openPart: String? = nil) -> Result<LoadedFilter, PluginFault> {
        .success(
            LoadedFilter(
                name: name, schema: OptionSchema(options), make: { (section, _) in MadeFilter(section) }, identity: identity ?? path, openPart: openPart))
    }
    let text = Option("text", .string, standard: "hello", "What to say.")
    let stamp = "Sluice 0.1.0, interface 0123456789abcdef, Swift 6.3.1 (swift-6.3.1-RELEASE), release build"
    return switch path {
    case "plugins/greeting.so", "plugins/../plugins/greeting.so", "./plugins/greeting.so": loaded("greeting", [text], identity: "greeting")
    case "./libgreeting.so", "/usr/lib/sluice/other-greeting.so": loaded("greeting", [text])
    case "/usr/lib/sluice/late.so": loaded("late", [Option("ask-timeout", .duration(.milliseconds(1) ... .seconds(600)), standard: "1s", "How long.")])
    case "plugins/greeting-open.so": loaded("open-file", openPart: "the file")
    case "./plugins/open/greeting.so": loaded("open-folder", openPart: "its folder")
    case "./ordered.so": .success(orderedFilter)
    case "./name-built-in.so": loaded("gzip")
    case "./name-none.so": loaded("No Name")
    case "./unreadable.so": .failure(.unreadable("Permission denied"))
    case "./text.so": .failure(.format("no ELF file"))
    case "./damaged.so": .failure(.format("damaged (its program headers reach beyond its end)"))
    case "./machine.so": .failure(.machine(file: "aarch64", own: "x86-64"))
    case "./no-stamp.so": .failure(.noStamp)
    case "./stamp.so": .failure(.stamp(file: stamp.replacing("0.1.0", with: "0.0.9"), own: stamp))
    case "./own-interface.so": .failure(.ownInterface)
    case "./no-entry.so": .failure(.noEntry("sluice_plugin"))
    case "./load.so": .failure(.load("undefined symbol: other_function"))
    case "./schema.so": .failure(.schema("the option `field` stands twice"))
    case "./unsupported.so": .failure(.unsupported("the Swift runtime is linked into this program"))
    default: .failure(.missing)
    }
}

/// A filter whose options say where it belongs.
private let orderedFilter = LoadedFilter(
    name: "ordered",
    schema: OptionSchema(
        ["roles", "before", "behind", "reads", "sets", "writes", "removes"].map {
            Option($0, .token, isList: true, "What it says of its order.")
        }),
    make: { (section, options) in
        var order = FilterOrder(roles: options.words("roles").map { FilterRole($0) })
        order.rules = options.words("before").map { .before(FilterRole($0), because: "it is of no use there") }
        order.rules += options.words("behind").map { .behind(FilterRole($0), because: "it is of no use here") }
        order.fields = options.words("reads").map { .reads($0) } + options.words("sets").map { .sets($0) }
        order.fields += options.words("writes").map { .writes($0) } + options.words("removes").map { .removes($0) }
        return MadeFilter(section, order: order)
    }, identity: "ordered")

/// What `${NAME}` takes in tests and golden files.
package let sampleEnvironment = [
    "PORT": "8080", "NAME": "demo", "WORD": "http", "EMPTY": "", "SERVERS": "127.0.0.1:9292 127.0.0.1:9293",
    "CONTROL": "a\u{1}b", "HOST": "api.example.org", "LOG": "/var/log/sluice/access log",
]

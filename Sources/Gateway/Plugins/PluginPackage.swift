/// The package that `sluice plugin new` writes: a small filter that works, with its tests.
struct PluginPackage {
    let name: PluginName

    /// Texts by their paths below the package's folder.
    var files: [(path: String, text: String)] {
        [
            ("Package.swift", manifest), ("Sources/\(name.type)/\(name.type).swift", source), ("Sources/\(name.type)/EntryPoint.swift", entryPoint),
            ("Tests/\(name.type)Tests/\(name.type)Tests.swift", tests), ("gateway.conf", configuration), ("README.md", readMe),
            (".gitignore", ".build/\n.sluice-sdk\n*.so\n"),
        ]
    }

    private var manifest: String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        // What Sluice brings for plug-ins: `sluice plugin build` and `sluice plugin test` make this link to it.
        let sdk = Context.packageDirectory + "/.sluice-sdk"
        let interface: [SwiftSetting] = [.unsafeFlags(["-I", sdk + "/modules"])]

        let package = Package(
            name: "\(name.filter)",
            products: [.library(name: "\(name.filter)", type: .dynamic, targets: ["\(name.type)"])],
            targets: [
                // The gateway that loads it has the code of FilterAPI: only the stamp is linked.
                .target(name: "\(name.type)", swiftSettings: interface, linkerSettings: [.unsafeFlags([sdk + "/stamp.o"])]),
                .testTarget(
                    name: "\(name.type)Tests", dependencies: ["\(name.type)"], swiftSettings: interface,
                    linkerSettings: [.unsafeFlags([sdk + "/libFilterTesting.a"])]),
            ],
            swiftLanguageModes: [.v6]
        )

        """
    }

    private var source: String {
        """
        import FilterAPI

        /// Refuses requests that lack a field.
        public final class \(name.type): FilterPlugin, RequestFilter, ResponseFilter {
            public static let name = "\(name.filter)"
            public static let summary = "Refuses requests that lack a field."
            public static let options = OptionSchema([
                Option("field", .token, standard: "X-Client", "The field that a request must have.")
            ])
            public static let reasons = [missing]
            static let missing = ReplyReason(
                "\(name.filter).missing", "The request lacks a field", fault: .client,
                happened: "The field that the section's `field` names is not in the request.", advice: "Send it.")

            private let field: FieldName
            private let reply = Reply(400, \(name.type).missing)

            public init(_ options: FilterOptions) throws(ConfigurationError) {
                guard let field = options.word("field").flatMap({ FieldName($0) }), field != "Host" else {
                    throw ConfigurationError("every request has a Host", option: "field", help: "name a field that may be missing")
                }
                self.field = field
            }

            public func processRequest(_ request: inout Request) -> RequestDecision {
                if request.fields.contains(field) { return .forward }
                request.explain("there is no \\(field)", by: "field")
                return .respond(reply)
            }

            public func processResponse(_ response: inout Response, for request: borrowing Request) {
                // Without the field the answer would be another: caches must know.
                response.vary(on: field)
            }
        }

        """
    }

    private var entryPoint: String {
        """
        import FilterAPI

        /// The gateway calls this when it has loaded the file.
        @c(sluice_plugin) public func sluicePlugin() -> PluginEntry { \(name.type).pluginEntry }

        """
    }

    private var tests: String {
        """
        import FilterAPI
        import FilterTesting
        import \(name.type)
        import Testing

        @Suite struct \(name.type)Tests {
            @Test func refusesWhatLacksTheField() throws {
                let harness = try FilterHarness(\(name.type).self, "field = X-Team")
                let exchange = harness.send("GET / HTTP/1.1\\nHost: example.org\\nX-Client: shop\\n")
                #expect(exchange.reply?.status == 400)
                #expect(exchange.reply?.reason == "\(name.filter).missing")
            }

            @Test func passesWhatHasItAndTellsCaches() throws {
                let harness = try FilterHarness(\(name.type).self)
                let exchange = harness.send("GET / HTTP/1.1\\nHost: example.org\\nx-client: shop\\n")
                #expect(exchange.isForwarded)
                let response = exchange.respond("HTTP/1.1 200 OK\\nContent-Length: 0\\n")
                #expect(response.head == "HTTP/1.1 200 OK\\nVary: X-Client\\n")
            }

            @Test func refusesToAskForAHost() {
                #expect(throws: HarnessError.self) { try FilterHarness(\(name.type).self, "field = host") }
            }
        }

        """
    }

    private var configuration: String {
        """
        [listener:web]
        listen = 127.0.0.1:8080
        serve  = site

        [pipeline:site]
        pipeline = \(name.filter) demo

        [filter:\(name.filter)]
        use   = ./lib\(name.filter).so      # relative to this file
        field = X-Client

        [app:demo]
        use = echo                       # answers with the request as it arrived

        """
    }

    private var readMe: String {
        """
        # \(name.filter)

        A filter for the gateway Sluice: refuses requests that lack a field.

            sluice plugin test       # the tests, without a gateway
            sluice plugin build      # lib\(name.filter).so, for the Sluice that runs the command
            sluice run               # gateway.conf: the filter before a demo app

        `Sources/\(name.type)/\(name.type).swift` is the filter, `EntryPoint.swift` says so to the gateway. After an update of Sluice, or of the Swift
        compiler, build it again; `sluice check` says when that is so.

        """
    }
}

import Configuration
import Testing

@Suite struct QuickPlanTests {
    @Test func twoArgumentsMakeAPlan() throws {
        let (plan, diagnostics) = Plan.quick(listen: "127.0.0.1:8080", to: ["http://app.internal", "unix:/run/app.sock"])
        #expect(diagnostics.isEmpty)
        let made = try #require(plan)
        #expect(made.listeners.map(\.addresses) == [[.tcp(host: "127.0.0.1", port: 8080)]])
        guard case .app(let index) = made.listeners[0].serve, case .upstream(let upstream) = made.apps[index].kind else {
            Issue.record("it does not lead to servers")
            return
        }
        #expect(upstream.servers == [.tcp(host: "app.internal", port: 80), .unix(path: "/run/app.sock")])
    }

    /// By TLS: verified by the system's store, as in a file that says nothing of it.
    @Test func serversMayBeReachedByTLS() throws {
        let (plan, diagnostics) = Plan.quick(listen: "127.0.0.1:8080", to: ["https://app.internal https://[::1]:8443"])
        #expect(diagnostics.text() == "")
        guard case .upstream(let upstream)? = plan?.apps.first?.kind else {
            Issue.record("it does not lead to servers")
            return
        }
        #expect(upstream.servers == [.tls(host: "app.internal", port: 443), .tls(host: "::1", port: 8443)])
        #expect(upstream.usesTLS && upstream.tls.verifies && upstream.tls.authorities == nil && upstream.tls.name == nil)
    }

    @Test func serversMayBeReachedByHTTP2() throws {
        let (plan, diagnostics) = Plan.quick(listen: "127.0.0.1:8080", to: ["h2://app.internal", "h2://[::1]:50051"])
        #expect(diagnostics.text() == "")
        guard case .upstream(let upstream)? = plan?.apps.first?.kind else {
            Issue.record("it does not lead to servers")
            return
        }
        #expect(upstream.servers == [.http2(host: "app.internal", port: 80), .http2(host: "::1", port: 50051)])
        #expect(upstream.spoken == .http2 && !upstream.usesTLS)
    }

    @Test(arguments: [["http://app.internal", "https://app.internal"], ["h2://app.internal", "http://app.internal"], ["h2://a", "https://a"]])
    func serversAreReachedInOneWay(_ servers: [String]) {
        let (plan, diagnostics) = Plan.quick(listen: "127.0.0.1:8080", to: servers)
        #expect(plan == nil)
        #expect(diagnostics.map(\.code) == [.valueServer])
    }

    /// The rest is what a file gets that says nothing else.
    @Test func everythingElseIsDefault() throws {
        let quick = try #require(Plan.quick(listen: "127.0.0.1:8080", to: ["127.0.0.1:9292"]).plan)
        let (read, _) = load(
            """
            [listener:proxy]
            listen = 127.0.0.1:8080
            serve = app
            [app:app]
            servers = 127.0.0.1:9292
            """)
        #expect(quick == read)
    }

    @Test func mistakesAreShownInTheArguments() {
        let (plan, diagnostics) = Plan.quick(listen: "8080", to: ["127.0.0.1:9292", "h2c://app.internal"])
        #expect(plan == nil)
        #expect(
            diagnostics.text() == """
                error[value.address]: `8080` is a port without an address
                 --> --listen:1:1
                  |
                1 | 8080
                  | ^^^^ expected an address such as `127.0.0.1:8080`, `*:8080` or `unix:/run/x.sock`
                  |
                  = help: write `127.0.0.1:8080` for this machine alone, or `*:8080` for every address

                error[value.server]: `h2c` is not a scheme of a server
                 --> --to:1:1
                  |
                1 | h2c://app.internal
                  | ^^^ expected a server such as `127.0.0.1:9292`, `http://app:80` or `unix:/run/x.sock`
                  |
                  = help: did you mean `h2://`, which is HTTP/2 without TLS?

                2 errors

                """)
    }

    @Test(arguments: [("", ["127.0.0.1:9292"]), ("127.0.0.1:8080", []), ("127.0.0.1:8080", [""]), ("  ", ["  "])])
    func emptyArgumentsAreErrors(_ listen: String, _ servers: [String]) {
        let (plan, diagnostics) = Plan.quick(listen: listen, to: servers)
        #expect(plan == nil)
        #expect(diagnostics.allSatisfy { $0.code == .valueMissing })
        #expect(!diagnostics.text().isEmpty)
    }

    @Test func aProxyToItselfIsWarnedOf() {
        let (plan, diagnostics) = Plan.quick(listen: "*:8080", to: ["localhost:8080"])
        #expect(plan != nil)
        #expect(diagnostics.map(\.code) == [.dangerSelf])
    }
}

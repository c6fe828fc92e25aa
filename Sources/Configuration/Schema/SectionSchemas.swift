extension Duration {
    fileprivate static func minutes(_ count: Int) -> Duration { .seconds(60 * count) }
    fileprivate static func hours(_ count: Int) -> Duration { .seconds(3600 * count) }
    fileprivate static func days(_ count: Int) -> Duration { .seconds(86_400 * count) }
}

extension OptionSchema {
    /// `[gateway]`
    public static let gateway = OptionSchema([
        Option(
            "loops", .integer(1...1024), or: ["auto"], standard: "auto",
            "Event loops, each a thread. `auto` is one for each core that the process may run on."),
        Option(
            "drain-delay", .duration(.zero ... .hours(1)), standard: "0s",
            "How long after the signal to stop the gateway serves on as before, while [health checks](../Plugins/Healthcheck/README.md) are told that it ends: load balancers see that before connections are refused. Then it drains."),
        Option(
            "drain-timeout", .duration(.zero ... .days(1)), or: ["off"], standard: "30s",
            "How long exchanges that are in flight may go on after the signal to stop and `drain-delay`. `off` waits for the last of them."),
        Option(
            "access-log", .logTarget, or: ["off"], standard: "off",
            "Where a line for each exchange goes. A path is opened for appending, and anew on SIGUSR1."),
        Option(
            "access-log-format", .choice(["combined", "json"]), standard: "combined",
            "`combined` is the text that most log readers know, with more fields behind it; `json` is one object a line."),
        Option(
            "trusted-proxies", .network, or: ["none"], standard: "none", isList: true, isRepeatable: true,
            "Networks whose `X-Forwarded-*` and `Forwarded` fields are believed. The client address is then the right-most one that is not in them. The fields of all others are replaced."),
        Option(
            "via", .token, or: ["off"], standard: "sluice",
            "The name of this gateway in `Via` fields (RFC 9110 §7.6.3). `off` adds none anywhere."),
        Option(
            "filter-timing", .integer(1...1_000_000), or: ["off"], standard: "off",
            "Counts what filters decide, and times them in one exchange of so many: 64 is enough for figures, and costs next to nothing. SIGUSR2 prints both; see [operations.md](operations.md#counters)."),
    ])

    /// `[listener:NAME]`
    public static let listener = OptionSchema(
        [
            Option(
                "listen", .listenAddress, isRequired: true, isList: true, isRepeatable: true,
                "Addresses to accept on. `*:PORT` or `:PORT` is every address of both families, `[::]:PORT` every IPv6 address and no IPv4 one; port 0 lets the kernel choose."),
            Option(
                "serve", .section, isRequired: true,
                "The app, router or pipeline that requests go to."),
            Option(
                "through", .section, isList: true,
                "Filters that work on its connections before HTTP, such as `tls-termination`, the outermost first."),
            Option(
                "protocols", .choice(["h2", "http/1.1", "h2c"]), standard: "h2 http/1.1", isList: true,
                "What is spoken: HTTP/1.1, and HTTP/2 by TLS (`h2`), as clients choose; `h2c` is HTTP/2 without TLS, for clients that begin with it."),
            Option(
                "socket-mode", .fileMode, standard: "0660",
                "Permission bits of the socket files of `unix:` addresses. Who may write to one may connect."),
            Option(
                "backlog", .integer(1...65535), standard: "4096",
                "Connections that wait in the kernel to be accepted. The kernel's own limit is `net.core.somaxconn`."),
            Option(
                "max-connections", .integer(1...10_000_000), or: ["off"], standard: "65536",
                "Connections open at once on this listener, over all its addresses and all loops. One above it is answered with 503 and closed. `off` is no limit."),
            Option(
                "max-head", .byteCount(1 << 10...32 << 10), standard: "16KiB",
                "Size of a request head, from the request line to the empty line. A larger one is answered with 431."),
            Option(
                "max-target", .byteCount(64...32 << 10), standard: "8KiB",
                "Length of a request target. A longer one is answered with 414."),
            Option(
                "max-fields", .integer(1...256), standard: "100",
                "Field lines in a request head. More are answered with 431."),
            Option(
                "max-body", .byteCount(0...UInt64.max), or: ["off"], standard: "off",
                "Size of a request body; a larger one is answered with 413. It is off because bodies are streamed and never stored here: what an upload may take is known to the app."),
            Option(
                "keep-alive-timeout", .duration(.seconds(1) ... .days(1)), standard: "60s",
                "How long a connection without a request stays open."),
            Option(
                "keep-alive-requests", .integer(1...1_000_000_000), or: ["off"], standard: "off",
                "Requests on one connection before it is closed. 1 closes after each; `off` is no limit."),
            Option(
                "head-timeout", .duration(.milliseconds(100) ... .hours(1)), or: ["off"], standard: "15s",
                "How long a request head may take, from its first byte (on a new connection: from the accept) to its last."),
            Option(
                "body-timeout", .duration(.milliseconds(100) ... .days(1)), or: ["off"], standard: "30s",
                "How long a request body may pause between two bytes."),
            Option(
                "min-body-rate", .byteRate(1...1 << 30), or: ["off"], standard: "240B/s",
                "The slowest that a request body may come in on average while the gateway is ready to take it."),
            Option(
                "write-timeout", .duration(.milliseconds(100) ... .days(1)), or: ["off"], standard: "60s",
                "How long a client may take no byte of a response that waits for it."),
            Option(
                "min-write-rate", .byteRate(1...1 << 30), or: ["off"], standard: "240B/s",
                "The slowest that a client may take a response on average while bytes wait for it."),
            Option(
                "min-rate-grace", .duration(.zero ... .hours(1)), standard: "10s",
                "How long a body may be slower than the two rates above before it counts."),
            Option(
                "server-timing", .boolean, standard: "off",
                "Whether responses say in `Server-Timing` how long the gateway and the app took, and filters in the exchanges that `filter-timing` times. Everybody can read it, and time tells what a cache holds or whether a name exists: for listeners of your own people."),
            Option(
                "trusted-proxies", .network, or: ["none"], isList: true, isRepeatable: true,
                "As in `[gateway]`, for this listener instead. `none` trusts nobody here."),
        ])

    /// `[pipeline:NAME]`
    public static let pipeline = OptionSchema([
        Option(
            "pipeline", .section, isRequired: true, isList: true,
            "Filters in the order in which they see requests, then the app, router or pipeline that comes after them.")
    ])

    /// `[filter:NAME]`: what all filters have. The other options are the filter's own.
    public static let filter = OptionSchema([
        Option("use", .string, isRequired: true, "The filter's name, or the path of a [plug-in](plugins.md): absolute, or relative to the file that says so.")
    ])

    /// `[app:NAME]`
    public static let app = OptionSchema(
        [
            Option(
                "servers", .serverAddress, isList: true, isRepeatable: true,
                "The app's servers, tried in turn. Names are resolved again every `resolve-interval`."),
            Option(
                "use", .choice(["echo"]),
                "An app that is built in, instead of `servers`. `echo` answers with the request as it arrived, as JSON."),
            Option(
                "host", .host, or: ["preserve", "server"], standard: "preserve",
                "The Host field that the app gets: the client's (`preserve`), the server's own name and port (`server`), or a fixed one."),
            Option(
                "escaped-separators", .boolean, standard: "off",
                "Whether paths with `%2F` or `%5C` come to this app, as GitLab, RabbitMQ and npm registries need. Only for apps that split a path before they decode it: see [routing](routing.md#escaped-separators). Otherwise they are answered with 400."),
            Option(
                "forwarded-fields", .choice(["x-forwarded", "forwarded", "via"]), or: ["off"], standard: "x-forwarded forwarded via",
                isList: true,
                "Fields about the client that the app gets: `x-forwarded` is X-Forwarded-For, -Proto and -Host; `forwarded` is RFC 7239's. `off` adds none; the client's own are removed all the same unless it is a trusted proxy."),
            Option(
                "connect-timeout", .duration(.milliseconds(10) ... .minutes(10)), standard: "5s",
                "How long connecting to one server may take."),
            Option(
                "response-timeout", .duration(.milliseconds(100) ... .days(1)), or: ["off"], standard: "60s",
                "How long the app may think before its response head, counted from the last byte of the request."),
            Option(
                "body-timeout", .duration(.milliseconds(100) ... .days(1)), or: ["off"], standard: "60s",
                "How long a response body may pause between two bytes."),
            Option(
                "send-timeout", .duration(.milliseconds(100) ... .days(1)), or: ["off"], standard: "60s",
                "How long the app may take no byte of a request that waits for it."),
            Option(
                "tunnel-timeout", .duration(.milliseconds(100) ... .days(30)), or: ["off"], standard: "1h",
                "How long neither side of a tunnel (a WebSocket, say) may send anything."),
            Option(
                "idle-timeout", .duration(.milliseconds(100) ... .days(1)), standard: "60s",
                "How long an unused connection to the app is kept. A shorter `Keep-Alive: timeout=` of the app's wins."),
            Option(
                "max-connections", .integer(1...10_000_000), or: ["off"], standard: "1024",
                "Connections to the app at once, by HTTP/2 streams, over all servers and loops. Each loop has an equal share, at least 1. `off` is no limit."),
            Option(
                "max-idle", .integer(0...100_000), standard: "64",
                "Unused connections to the app that each loop keeps; those above it are kept for a second, in case the load needs them again. 0 opens a new one for each request."),
            Option(
                "queue-length", .integer(0...1_000_000), standard: "256",
                "Requests that wait on each loop while `max-connections` are in use. More are answered with 503."),
            Option(
                "queue-timeout", .duration(.milliseconds(1) ... .minutes(10)), standard: "5s",
                "How long a request waits there before it is answered with 503."),
            Option(
                "tries", .integer(1...10), standard: "3",
                "Tries for one request in all, on one server after the other, while no byte of it can have reached the app."),
            Option(
                "retry-idempotent", .boolean, standard: "on",
                "Whether a request with an idempotent method (RFC 9110 §9.2.2) is sent once more when a connection kept from an earlier request fails before the first byte of a response: the app had most likely closed it. One with another method never is, once a byte of it was sent."),
            Option(
                "protocol", .choice(["http/1.1", "h2", "auto"]), standard: "http/1.1",
                "What the servers speak: HTTP/1.1, or HTTP/2, by which one connection carries many requests; with `auto`, what each `https://` server says when it is connected to. `h2://` servers speak HTTP/2 without saying it here. WebSockets go over HTTP/2 where the servers offer it, and over HTTP/1.1 with `auto`."),
            Option(
                "tls-authorities", .string, or: ["system"], standard: "system",
                "For `https://` servers: the file (PEM) with the certificates of those who sign the app's certificate. `system` is the system's store."),
            Option(
                "tls-verify", .boolean, standard: "on",
                "For `https://` servers: whether the certificate is checked. With `off` anybody on the way can pretend to be the app."),
            Option(
                "tls-name", .host,
                "For `https://` servers: the name that the certificate must have, and that is asked for (SNI), instead of the server's own."),
            Option(
                "tls-certificate", .string,
                "For `https://` servers: the file (PEM) with the gateway's own certificate and its chain, where the app asks for one."),
            Option(
                "tls-private-key", .string,
                "The file (PEM) with the key of `tls-certificate`."),
            Option(
                "resolve-interval", .duration(.seconds(1) ... .days(1)), or: ["off"], standard: "30s",
                "How often server names are resolved again. `off` resolves them once, at start."),
        ],
        planned: [
            "balance": "servers take turns; other ways of balancing are not available yet",
            "health-check": "active health checks are not available yet",
        ])

    /// The schema of a kind of section; nil for a router, whose keys are routes.
    static func of(_ kind: SectionKind) -> OptionSchema? {
        switch kind {
        case .gateway: .gateway
        case .listener: .listener
        case .filter: .filter
        case .pipeline: .pipeline
        case .app: .app
        case .router: nil
        }
    }
}

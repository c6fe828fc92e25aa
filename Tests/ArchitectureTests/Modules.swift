/// What each module may import: what is below it, and the system where it touches the system.
enum Modules {
    /// Modules of this package and of others, by the module that may import them.
    static let allowedImports: [String: Set<String>] = [
        "Buffers": ["CBytes"],
        "HTTPMessage": ["Buffers"],
        "HTTP1": ["HTTPMessage", "Buffers"],
        "HTTP2": ["HTTPMessage", "Buffers", "CNghttp2"],
        "Configuration": ["FoundationEssentials"],
        "Upstreams": [],
        "Routing": ["Buffers"],
        "Telemetry": ["HTTPMessage", "Buffers"],
        "PluginImage": [],
        // A plug-in of the package manager, which runs while Sluice is built.
        "InterfaceStamp": ["PackagePlugin", "Foundation"],
        "FilterAPI": ["HTTPMessage", "Buffers", "Configuration", "Synchronization"],
        "FilterTesting": ["FilterAPI", "Pipeline", "HTTP1", "HTTPMessage", "Buffers", "Configuration", "Glibc", "Synchronization"],
        "Pipeline": ["FilterAPI", "HTTPMessage", "Buffers"],
        "EventLoops": ["HTTPMessage", "Buffers", "CPlatform", "Glibc", "Synchronization"],
        "TLS": ["HTTPMessage", "Buffers", "COpenSSL", "Glibc", "Synchronization"],
        "Transport": ["TLS", "EventLoops", "HTTPMessage", "Buffers", "CPlatform", "Glibc"],
        "Proxy": [
            "Pipeline", "Upstreams", "Routing", "Transport", "HTTP1", "HTTP2", "Telemetry", "FilterAPI", "TLS", "EventLoops",
            "HTTPMessage", "Buffers",
        ],
        "Gateway": [
            "Proxy", "Pipeline", "Upstreams", "Routing", "Transport", "HTTP1", "HTTP2", "Telemetry", "FilterAPI", "TLS",
            "EventLoops", "HTTPMessage", "Buffers", "Configuration", "PluginImage", "CPlatform", "Glibc", "Synchronization", "ArgumentParser",
        ],
        // And the built-in filters, which only the list in main.swift names.
        "Sluice": ["Gateway", "BasicAuth", "ConcurrencyLimit", "CORS", "ForwardAuth", "Gunzip", "Gzip", "Headers", "Healthcheck", "IPAccess", "Maintenance", "ProxyProtocol", "RateLimit", "Redirect", "RequestID", "SizeLimit", "TLSTermination", "VersionNegotiation"],
    ]

    /// A plug-in sees the filter interface, its own C library (a module called C…), and nothing else of Sluice. What its loops share, it locks.
    static let pluginImports: Set<String> = ["FilterAPI", "Synchronization"]
    /// The plug-in that may also see another module.
    static let pluginExceptions: [String: Set<String>] = ["TLSTermination": ["TLS"]]

    /// Without locks, atomics, tasks and actors: one loop at a time runs them.
    static let withoutConcurrency: Set<String> = [
        "Buffers", "HTTPMessage", "HTTP1", "HTTP2", "Configuration", "Upstreams", "Routing", "Telemetry", "PluginImage", "Pipeline", "Proxy",
    ]
    /// Files that may do otherwise, each with a reason in it.
    static let concurrencyExceptions: Set<String> = []

    /// Where unsafe code may stand without a word. Elsewhere a file begins with `// unsafe: ` and the reason.
    static let unsafeAllowed: Set<String> = ["Buffers", "TLS", "HTTP2", "EventLoops", "Transport"]
}

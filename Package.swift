// swift-tools-version: 6.2
import PackageDescription

// Every target: unsafe expressions are marked, warnings are errors, existentials are spelled out.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func filter(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: ["FilterAPI"] + dependencies, path: "Plugins/\(name)", exclude: ["README.md"], swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

// Those that the list in main.swift has.
let builtInFilters: [Target.Dependency] = [
    "BasicAuth",
    "ConcurrencyLimit",
    "CORS",
    "ForwardAuth",
    "Gunzip",
    "Gzip",
    "Headers",
    "Healthcheck",
    "IPAccess",
    "Maintenance",
    "ProxyProtocol",
    "RateLimit",
    "Redirect",
    "RequestID",
    "SizeLimit",
    "TLSTermination",
    "VersionNegotiation",
]

// Plug-ins that are loaded use the program's copy of FilterAPI.
let exportsSymbols = ["-Xlinker", "--export-dynamic"]
// `make install` puts the Swift runtime beside the program, which must then take no other.
let bringsRuntime = ["-no-toolchain-stdlib-rpath", "-Xlinker", "-rpath=$ORIGIN/../lib/sluice/swift"]

let package = Package(
    name: "sluice",
    products: [
        .executable(name: "sluice", targets: ["Sluice"]),
        // For authors of plug-ins: what a filter sees, and what tests it.
        .library(name: "FilterAPI", targets: ["FilterAPI"]),
        .library(name: "FilterTesting", targets: ["FilterTesting"]),
    ],
    dependencies: [
        // The command line: parsing, help and shell completion are not what Sluice exists for.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        // C shims: macros and variadic calls that Swift cannot import.
        .target(name: "CPlatform"),
        .target(name: "CBytes"),
        // The system's libcrypt: hashes of passwords.
        .target(name: "CCrypt", linkerSettings: [.linkedLibrary("crypt")]),
        // hiredis, without blocking and without pointers to functions.
        .target(name: "CHiredis", linkerSettings: [.linkedLibrary("hiredis")]),
        // OpenSSL 3: TLS and certificates.
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        // nghttp2: HTTP/2 frames and HPACK, without I/O.
        .target(name: "CNghttp2", linkerSettings: [.linkedLibrary("nghttp2")]),
        .target(name: "CISAL", linkerSettings: [.linkedLibrary("isal")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),

        // Pure modules, from the bottom up.
        .target(name: "Buffers", dependencies: ["CBytes"], swiftSettings: strict + [.enableExperimentalFeature("RawLayout")]),
        module("HTTPMessage", ["Buffers"]),
        module("HTTP1", ["HTTPMessage", "Buffers"]),
        module("HTTP2", ["HTTPMessage", "Buffers", "CNghttp2"]),
        module("Configuration"),
        module("Upstreams"),
        module("Routing", ["Buffers"]),
        module("Telemetry", ["HTTPMessage", "Buffers"]),
        module("PluginImage"),

        // What a plug-in sees, and what runs plug-ins.
        module("FilterAPI", ["Configuration", "HTTPMessage", "Buffers"]),
        module("Pipeline", ["FilterAPI", "HTTPMessage", "Buffers"]),
        module("FilterTesting", ["FilterAPI", "Pipeline", "HTTP1", "HTTPMessage", "Buffers", "Configuration"]),

        // Modules that touch the kernel.
        module("EventLoops", ["Buffers", "CPlatform"]),
        module("TLS", ["COpenSSL"]),
        module("Transport", ["TLS", "EventLoops", "Buffers", "CPlatform"]),

        // The life of an exchange, and the assembly.
        module("Proxy", ["HTTP2", "TLS", "FilterAPI", "Pipeline", "Upstreams", "Routing", "Transport", "HTTP1", "HTTPMessage", "Telemetry", "EventLoops", "Buffers"]),
        .target(
            name: "Gateway",
            dependencies: [
                "Proxy", "TLS", "FilterAPI", "Upstreams", "Routing", "Transport", "HTTPMessage", "Telemetry", "EventLoops", "Buffers", "Configuration",
                "PluginImage", "CPlatform",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict, plugins: ["InterfaceStamp"]),
        // Hashes the filter interface, for the stamp of plug-ins.
        .plugin(name: "InterfaceStamp", capability: .buildTool(), path: "Sources/InterfaceStamp"),
        .executableTarget(
            name: "Sluice", dependencies: ["Gateway"] + builtInFilters, swiftSettings: strict,
            linkerSettings: [.unsafeFlags(exportsSymbols + (Context.environment["SLUICE_INSTALL"] == nil ? [] : bringsRuntime))]),

        // The built-in filters. SwiftPM takes a top-level `Plugins` for its own build-tool plug-ins, hence the explicit paths.
        filter("BasicAuth", ["CCrypt"]),
        filter("ConcurrencyLimit"),
        filter("CORS"),
        filter("ForwardAuth"),
        filter("Gunzip", ["CZlib"]),
        filter("Gzip", ["CISAL", "CZlib"]),
        filter("Headers"),
        filter("Healthcheck"),
        filter("IPAccess"),
        filter("Maintenance"),
        filter("ProxyProtocol"),
        filter("RateLimit", ["CHiredis"]),
        filter("Redirect"),
        filter("RequestID"),
        filter("SizeLimit"),
        filter("TLSTermination", ["TLS"]),
        filter("VersionNegotiation"),

        // Times of single steps; Benchmarks/compare measures the whole.
        .executableTarget(
            name: "micro-benchmarks",
            dependencies: ["Routing", "Upstreams", "Pipeline", "FilterAPI", "HTTPMessage", "Buffers", "Gzip", "CISAL", "CZlib", "FilterTesting", "RateLimit"], path: "Benchmarks/micro", swiftSettings: strict),

        // The random numbers of tests, the same in every run.
        .target(name: "Seeded", path: "Tests/Seeded", swiftSettings: strict),
        // Counts heap allocations in tests.
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        .target(
            name: "FilterAllocationCounts", dependencies: ["FilterAPI", "FilterTesting", "CAllocations"], path: "Tests/FilterAllocationCounts",
            swiftSettings: strict),
        tests("BuffersTests", ["Buffers"]),
        tests("HTTPMessageTests", ["HTTPMessage", "Buffers"]),
        tests("HTTP1Tests", ["HTTP1", "HTTPMessage", "Buffers", "FuzzChecks", "Seeded"]),
        tests("HTTP2Tests", ["HTTP2", "HTTP1", "HTTPMessage", "Buffers", "FuzzChecks", "CAllocations", "HTTP2Wire"]),
        // Frames of HTTP/2, written and read by hand.
        .systemLibrary(name: "CHpack", path: "Tests/CHpack"),
        .target(name: "HTTP2Wire", dependencies: ["CHpack"], path: "Tests/HTTP2Wire", swiftSettings: strict),
        // What the fuzz targets check: also run in the tests, over the corpus and over seeded mutations of it.
        .target(
            name: "FuzzChecks",
            dependencies: ["HTTP1", "HTTP2", "HTTPMessage", "Buffers", "Configuration", "Routing", "Telemetry", "PluginImage", "FilterAPI", "FilterTesting"] + builtInFilters,
            path: "Tests/Fuzz/Checks", swiftSettings: strict),
        tests("FuzzTests", ["FuzzChecks", "Seeded"]),
        tests("ConfigurationTests", ["Configuration", "FuzzChecks", "FilterAPI", "Gzip", "RateLimit", "TLSTermination", "VersionNegotiation", "Seeded"]),
        tests("PluginImageTests", ["PluginImage", "FuzzChecks", "Seeded"]),
        tests("UpstreamsTests", ["Upstreams", "CAllocations", "Seeded"]),
        tests("RoutingTests", ["Routing", "Buffers", "CAllocations", "FuzzChecks", "Seeded"]),
        tests("PipelineTests", ["Pipeline", "FilterAPI", "FilterTesting", "FilterAllocationCounts"]),
        tests("BasicAuthTests", ["BasicAuth", "FilterAPI", "FilterTesting", "FilterAllocationCounts"]),
        tests("ConcurrencyLimitTests", ["ConcurrencyLimit", "FilterAPI", "FilterTesting", "CAllocations"]),
        tests("CORSTests", ["CORS", "FilterAPI", "FilterTesting", "FilterAllocationCounts", "Seeded"]),
        tests("ForwardAuthTests", ["ForwardAuth", "FilterAPI", "FilterTesting"]),
        tests("GunzipTests", ["Gunzip", "Gzip", "FilterAPI", "FilterTesting", "Seeded"]),
        tests("GzipTests", ["Gzip", "CZlib", "FilterAPI", "FilterTesting", "CAllocations", "Seeded"]),
        tests("HeadersTests", ["Headers", "FilterAPI", "FilterTesting"]),
        tests("HealthcheckTests", ["Healthcheck", "FilterAPI", "FilterTesting", "FilterAllocationCounts"]),
        tests("IPAccessTests", ["IPAccess", "FilterAPI", "FilterTesting", "FilterAllocationCounts", "Seeded"]),
        tests("MaintenanceTests", ["Maintenance", "FilterAPI", "FilterTesting", "FilterAllocationCounts"]),
        tests("ProxyProtocolTests", ["ProxyProtocol", "FilterAPI", "FilterTesting", "FuzzChecks"]),
        tests("RateLimitTests", ["RateLimit", "FilterAPI", "FilterTesting", "CAllocations", "FilterAllocationCounts", "Seeded"]),
        tests("RedirectTests", ["Redirect", "FilterAPI", "FilterTesting", "FilterAllocationCounts", "Seeded"]),
        tests("RequestIDTests", ["RequestID", "FilterAPI", "FilterTesting", "FilterAllocationCounts", "Seeded"]),
        tests("SizeLimitTests", ["SizeLimit", "FilterAPI", "FilterTesting", "FilterAllocationCounts"]),
        tests("TLSTerminationTests", ["TLSTermination", "FilterAPI", "FilterTesting", "TLS", "CertificateForge"]),
        tests("VersionNegotiationTests", ["VersionNegotiation", "FilterAPI", "FilterTesting", "FilterAllocationCounts", "Seeded"]),
        tests("TelemetryTests", ["Telemetry", "HTTPMessage", "Buffers", "Seeded"]),
        // Whole handshakes in memory, by OpenSSL on both sides.
        .target(name: "CHandshake", dependencies: ["COpenSSL"], path: "Tests/CHandshake"),
        // Certificates that openssl makes.
        .target(name: "CertificateForge", path: "Tests/CertificateForge", swiftSettings: strict),
        tests("TLSTests", ["TLS", "CAllocations", "CHandshake", "CertificateForge", "Seeded"]),
        tests("TransportTests", ["Transport", "Buffers"]),
        tests("ProxyTests", ["Proxy", "FilterAPI", "Transport", "EventLoops", "HTTPMessage", "Buffers"]),
        tests("EventLoopsTests", ["EventLoops", "Buffers", "Seeded"]),
        tests("GatewayTests", [
            "Gateway", "Proxy", "Routing", "Telemetry", "FilterAPI", "EventLoops", "Configuration", "HTTPMessage", "Seeded",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
        tests("DocumentationTests", []),
        tests("ArchitectureTests", []),
        tests("ScenarioTests", ["CZlib", "Seeded", "TLS", "CHandshake", "HTTP2Wire"]),
    ],
    swiftLanguageModes: [.v6]
)

// Their main comes from libFuzzer: only Tests/Fuzz/run builds them, with `--sanitize=fuzzer`.
if Context.environment["SLUICE_FUZZ"] != nil {
    package.targets += ["RequestHead", "ResponseHead", "Chunked", "Trailers", "Streams", "Routes", "AccessLog", "Configuration", "Filters", "PluginImage"].map { name in
        .executableTarget(
            name: "Fuzz\(name)", dependencies: ["FuzzChecks"], path: "Tests/Fuzz/\(name)",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
    }
}

// Only Benchmarks/codec/run builds it.
if Context.environment["SLUICE_CODEC_BENCHMARK"] != nil {
    package.targets.append(
        .executableTarget(
            name: "CodecBenchmark", dependencies: ["HTTP1", "HTTPMessage", "Buffers"], path: "Benchmarks/codec", exclude: ["run"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}

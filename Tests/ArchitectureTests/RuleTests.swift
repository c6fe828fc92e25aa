import Testing

/// The rules can fail: each is shown a breach.
@Suite struct RuleTests {
    private func check(_ source: String, at path: String = "Sources/HTTP1/X.swift") -> [String] {
        Rules.checkSource(path, source).map(\.description)
    }

    @Test func importsUpwardOrAsideAreFound() {
        #expect(check("import Buffers\nimport Proxy\n") == ["Sources/HTTP1/X.swift:2: HTTP1 may not import Proxy"])
        #expect(check("@testable import Gateway") == ["Sources/HTTP1/X.swift:1: HTTP1 may not import Gateway"])
        #expect(check("public import Telemetry").count == 1)
        #expect(check("@_exported public import Telemetry").count == 1)
        #expect(check("import Buffers; import Glibc").count == 1)
        #expect(check("import struct Glibc.stat") == ["Sources/HTTP1/X.swift:1: HTTP1 may not import Glibc"])
        #expect(check("import Foundation").count == 1)
        #expect(check("  import FoundationEssentials").count == 1)
        #expect(check("import FoundationEssentials", at: "Sources/Configuration/X.swift").isEmpty)
        #expect(check("import Foundation", at: "Sources/Configuration/X.swift").count == 1)
        #expect(check("import Glibc", at: "Sources/Telemetry/X.swift").count == 1)
        #expect(check("import Glibc", at: "Sources/Transport/X.swift").isEmpty)
        #expect(check("import Proxy", at: "Sources/Sluice/main.swift").count == 1)
    }

    @Test func whatOnlyLooksLikeAnImportIsNone() {
        #expect(check("// import Proxy\n/* import Proxy /* import Proxy */ import Proxy */\nlet a = \"\nimport Proxy\"").isEmpty)
        #expect(check("let a = \"\"\"\nimport Proxy\n\"\"\"\nlet b = #\"import Proxy \\\"#").isEmpty)
        #expect(check("let important = 1").isEmpty)
    }

    @Test func pluginsSeeTheFilterInterfaceOnly() {
        #expect(check("import FilterAPI\nimport CZlib", at: "Plugins/Gzip/Gzip.swift").isEmpty)
        #expect(check("import Pipeline", at: "Plugins/Gzip/Gzip.swift").count == 1)
        #expect(check("import RateLimit", at: "Plugins/Gzip/Gzip.swift").count == 1)
        #expect(check("import CPlatform", at: "Plugins/Gzip/Gzip.swift").count == 1)
        #expect(check("import TLS", at: "Plugins/TLSTermination/X.swift").isEmpty)
        #expect(check("import TLS", at: "Plugins/Gzip/Gzip.swift").count == 1)
    }

    @Test func aNewModuleNeedsALineInTheTable() {
        #expect(check("let a = 1", at: "Sources/Novelty/X.swift").count == 1)
        #expect(check("let a = 1", at: "Sources/loose.swift").count == 1)
    }

    @Test func concurrencyInPureModulesIsFound() {
        #expect(check("func a() { Task { } }") == ["Sources/HTTP1/X.swift:1: Task in HTTP1, which runs on one loop at a time"])
        for word in ["actor A {}", "let m = Mutex(0)", "let a = Atomic<Int>(0)", "func f() async {}", "pthread_mutex_lock(x)"] {
            #expect(check(word).count == 1)
            #expect(check(word, at: "Sources/Proxy/X.swift").count == 1)
            #expect(check(word, at: "Sources/EventLoops/X.swift").isEmpty)
        }
        #expect(check("// a Task, an actor and a Mutex\nlet taskCount = \"Task\"").isEmpty)
    }

    @Test func unsafeCodeNeedsItsPlaceOrAReason() {
        #expect(check("let a = unsafe b").count == 1)
        #expect(check("let a = unsafe b\nlet c = unsafe d").count == 1)
        #expect(check("nonisolated(unsafe) var a = 1", at: "Sources/Gateway/X.swift").count == 1)
        #expect(check("let a = unsafe b", at: "Sources/Buffers/X.swift").isEmpty)
        #expect(check("// unsafe: the C library's table of signals\nlet a = unsafe b").isEmpty)
        #expect(check("// unsafe: yes\nlet a = unsafe b").count == 1)
        #expect(check("let a = 1 // unsafe: the C library's table of signals\nlet b = unsafe a").count == 1)
        #expect(check("// nothing unsafe here\nlet unsafely = 1").isEmpty)
    }

    @Test func forbiddenPartsOfTypeNamesAreFound() {
        #expect(check("final class PoolManager {}") == ["Sources/HTTP1/X.swift:1: Manager in the name of the type PoolManager"])
        for name in ["struct HeadInfo {}", "enum StringUtils {}", "protocol RequestHandler {}", "typealias UserData = Int", "class Base {}"] {
            #expect(check(name).count == 1)
        }
        for name in ["struct Database {}", "enum Score {}", "struct Information {}", "let info = 1", "struct Baseline {}"] {
            #expect(check(name).isEmpty)
        }
        #expect(Rules.camelParts("HTTPDataBase2") == ["HTTP", "Data", "Base2"])
        #expect(Rules.camelParts("TLSContext") == ["TLS", "Context"])
        #expect(Rules.camelParts("aB") == ["a", "B"])
    }

    @Test func longFilesAreFound() {
        #expect(Rules.checkLength("x", String(repeating: "a\n", count: 600)).isEmpty)
        #expect(Rules.checkLength("x", String(repeating: "a\n", count: 601)).count == 1)
    }

    @Test func machinePathsAreFound() {
        #expect(Rules.checkMachinePaths("x", "a\nsee /work" + "/main/y") == [
            Breach(path: "x", line: 2, what: "/work" + "/ is a path of one machine")
        ])
        #expect(Rules.checkMachinePaths("x", "/etc/sluice/gateway.conf and /tmp/a").isEmpty)
    }
}

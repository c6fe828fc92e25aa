import Configuration
import FuzzChecks
import Testing

@Suite struct LoadTests {
    @Test func theSmallestConfigurationHasAPlan() throws {
        let (plan, diagnostics) = load(smallest)
        #expect(diagnostics.text() == "")
        let listener = try #require(plan?.listeners.first)
        #expect(listener.addresses == [.tcp(host: "127.0.0.1", port: 8080)])
        #expect(listener.serve == .app(0))
        #expect(plan?.name(of: listener.serve) == "demo")
        #expect(plan?.apps.first?.kind == .echo)
    }

    @Test func aFileThatIsNotThereIsSaid() {
        let (plan, diagnostics) = Configuration.load(path: "etc/gone.conf", files: MemoryFiles())
        #expect(plan == nil)
        #expect(
            diagnostics.text() == """
                error[file.unreadable]: cannot read `etc/gone.conf`: No such file or directory
                 --> etc/gone.conf

                1 error

                """)
    }

    @Test func aFileThatIsTooLargeIsNotRead() {
        var files = MemoryFiles()
        files.files["gateway.conf"] = [UInt8](repeating: UInt8(ascii: "#"), count: 16 << 20 + 1)
        let (plan, diagnostics) = Configuration.load(path: "gateway.conf", files: files)
        #expect(plan == nil)
        #expect(diagnostics.map(\.code) == [.fileTooLarge])
    }

    @Test func anIncludeThatMayNotBeReadIsSaid() {
        var files = MemoryFiles(["gateway.conf": "include = conf.d/*.conf\n" + smallest])
        files.locked = ["conf.d/secret.conf"]
        let (plan, diagnostics) = Configuration.load(path: "gateway.conf", files: files)
        #expect(plan == nil)
        #expect(
            diagnostics.text() == """
                error[include.unreadable]: cannot read `conf.d/secret.conf`: Permission denied
                 --> gateway.conf:1:11
                  |
                1 | include = conf.d/*.conf
                  |           ^^^^^^^^^^^^^

                1 error

                """)
    }

    @Test func includesAreReadToADepthOf16() {
        var files = ["gateway.conf": "include = 1.conf\n" + smallest]
        for depth in 1...15 { files["\(depth).conf"] = depth == 15 ? "# the last\n" : "include = \(depth + 1).conf\n" }
        #expect(Configuration.load(path: "gateway.conf", files: MemoryFiles(files)).diagnostics.isEmpty)
        files["15.conf"] = "include = 16.conf\n"
        files["16.conf"] = "# one too many\n"
        let diagnostics = Configuration.load(path: "gateway.conf", files: MemoryFiles(files)).diagnostics
        #expect(diagnostics.map(\.code) == [.includeTooDeep])
        #expect(diagnostics.first?.location?.file == "15.conf")
    }

    @Test func aThousandProblemsAreShownAndTheRestCounted() {
        let (plan, diagnostics) = load(smallest + "\n" + String(repeating: "wrong\n", count: 1500))
        #expect(plan == nil)
        #expect(diagnostics.count == 1001)
        #expect(diagnostics.last?.code == .notShown)
        #expect(diagnostics.last?.message == "500 more problems are not shown")
    }

    @Test func withoutFiltersAFileMayStillBeNamed() {
        let (_, diagnostics) = load(
            smallest.replacing("serve = demo", with: "serve = p")
                + "\n[pipeline:p]\npipeline = gzip demo\n\n[filter:gzip]\nuse = gzip\n", filters: FilterSchemas())
        #expect(diagnostics.map(\.code) == [.filterUnknown])
        #expect(diagnostics.first?.expected == "the path of a plug-in")
    }

    @Test(arguments: [("./x.so", "conf.d/./x.so"), ("x.so", "conf.d/x.so"), ("../x.so", "conf.d/../x.so"), ("/lib/x.so", "/lib/x.so")])
    func aPluginIsLookedForBesideTheFileThatNamesIt(_ use: String, _ path: String) {
        let (_, diagnostics) = load(
            "include = conf.d/*.conf\n" + smallest, files: ["conf.d/a.conf": "[filter:mine]\nuse = \(use)\n"])
        #expect(diagnostics.first { $0.code == .pluginNotFound }?.message == "there is no file `\(path)`")
        // Never a bare name, which the system's loader would look for in folders of its own.
        let (_, other) = load(smallest + "\n[filter:mine]\nuse = \(use)\n")
        #expect(other.first { $0.code == .pluginNotFound }?.message.contains("/") == true)
    }

    @Test func colorsAreOnlyAddedWhereAskedFor() {
        let (_, diagnostics) = load(smallest.replacing("echo", with: "ehco"))
        let colored = diagnostics.text(color: true)
        #expect(colored.contains("\u{1B}[1;31merror[value.choice]\u{1B}[0m"))
        var plain = colored
        for code in ["0", "1", "1;31", "1;33", "1;34", "1;36"] { plain = plain.replacing("\u{1B}[\(code)m", with: "") }
        #expect(plain == diagnostics.text())
        #expect(!diagnostics.text().contains("\u{1B}"))
    }

    @Test func nothingWrongIsAnEmptyText() {
        #expect([Diagnostic]().text() == "")
        #expect([Diagnostic]().json == "[]\n")
    }
}

let smallest = """
    [listener:web]
    listen = 127.0.0.1:8080
    serve = demo

    [app:demo]
    use = echo

    """

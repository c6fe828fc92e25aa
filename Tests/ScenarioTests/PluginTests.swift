import Glibc
import Testing

/// Filters that are built outside of Sluice: made, tested, built, loaded, and serving.
@Suite(.serialized) struct PluginTests {
    /// The binary under test, and the release build where `make test` made one.
    static let binaries = [Gateway.binary] + (AllocationTests.givenBinary.map { [$0] } ?? [])

    private func inFolder(_ script: (String) throws -> Void) throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try script(folder)
    }

    /// Runs `sluice` in a folder; must end with `status`. With what other tests leave of the processor: some of them measure time.
    @discardableResult
    private func sluice(_ binary: String, _ arguments: [String], in folder: String, status: Int32 = 0) throws -> (stdout: String, stderr: String) {
        let result = try Child.run(["/bin/sh", "-c", "cd \"$0\" && exec nice -n 19 \"$@\"", folder, binary] + arguments, upTo: .seconds(300))
        guard result.ending == .exit(status) else {
            throw ScenarioFailure("sluice \(arguments.joined(separator: " ")): \(result.ending)\n\(result.stdout)\n\(result.stderr)")
        }
        return (result.stdout, result.stderr)
    }

    private func serving(_ use: String, options: String = "") -> (_ servers: [String], _ folder: String) -> String {
        { servers, _ in
            """
            [pipeline:site]
            pipeline = mine app
            [filter:mine]
            use = \(use)
            \(options)
            [app:app]
            servers = \(servers[0])

            """
        }
    }

    @Test(arguments: binaries) func `a new plug-in is tested, built, checked, loaded, and serves`(binary: String) throws {
        try inFolder { folder in
            let made = try sluice(binary, ["plugin", "new", "needs-field"], in: folder)
            #expect(made.stdout.contains("needs-field/Package.swift\n") && made.stdout.hasSuffix("next: cd needs-field; sluice plugin test; sluice plugin build; sluice run\n"))
            let package = "\(folder)/needs-field"
            let tests = try sluice(binary, ["plugin", "test"], in: package)
            #expect(tests.stderr.contains("Test run with 3 tests in 1 suite passed"))
            // From outside, too.
            let built = try sluice(binary, ["plugin", "build", "needs-field"], in: folder)
            #expect(built.stdout.hasPrefix("needs-field/libneeds-field.so: a plug-in for Sluice "))
            #expect(try sluice(binary, ["check"], in: package).stdout == "gateway.conf: no errors; 1 listener, 0 routes, 1 app\n")

            // Its options are known: they are checked like those of a filter that is built in.
            try write("[filter:mine]\nuse = libneeds-field.so\nfeild = X\n[filter:other]\nuse = needs-field\n", to: "\(package)/wrong.conf")
            let wrong = try sluice(binary, ["check", "needs-field/wrong.conf"], in: folder, status: 2).stdout
            #expect(wrong.contains("error[option.unknown]") && wrong.contains("help: did you mean `field`?"))
            #expect(wrong.contains("a plug-in has it, and is named by its file: `use = libneeds-field.so`"))
            try write("[filter:mine]\nuse = ./libneeds-field.so\nfield = Host\n", to: "\(package)/wrong.conf")
            #expect(try sluice(binary, ["check", "wrong.conf"], in: package, status: 2).stdout.contains("error[filter.options]: every request has a Host"))

            // Every command that knows filters takes its file for a name.
            let table = try sluice(binary, ["filters", "needs-field/libneeds-field.so"], in: folder).stdout
            #expect(table.contains("Options of a section with `use = needs-field/libneeds-field.so`:\n\n  field  ") && table.contains("\n  needs-field.missing  "))
            #expect(try sluice(binary, ["why", "needs-field.missing", "--plugin", "libneeds-field.so"], in: package).stdout.contains("What to do: Send it."))
            #expect(try sluice(binary, ["filters", "no.so"], in: folder, status: 1).stderr.hasPrefix("sluice: there is no file `no.so`\n"))
            let report = try sluice(binary, ["explain", "needs-field/gateway.conf", "http://127.0.0.1:8080/"], in: folder).stdout
            #expect(report.contains("there is no X-Client") && report.contains("needs-field/gateway.conf:10: field = X-Client"), "\(report)")

            // Whoever may change the file, decides what the gateway does.
            unsafe _ = chmod("\(package)/libneeds-field.so", 0o777)
            #expect(try sluice(binary, ["check"], in: package).stdout.contains("warning[danger.plug-in-writable]"))
            unsafe _ = chmod("\(package)/libneeds-field.so", 0o755)
            unsafe _ = chmod(package, 0o777)
            #expect(try sluice(binary, ["check"], in: package).stdout.contains("`chmod o-w` for its folder"))
            unsafe _ = chmod(package, 0o755)

            var options = Scenario.Options(binary: binary, loops: 2)
            options.site = serving("\(package)/libneeds-field.so", options: "field = X-Team")
            try Scenario.run(options) { s in
                for _ in 0..<4 {
                    let client = try s.connect()
                    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let refused = try client.receiveResponse()
                    #expect(refused.status == 400 && refused.head["Gateway-Reason"] == "needs-field.missing")
                    try client.send("GET /b HTTP/1.1\r\nHost: a\r\nX-Team: x\r\n\r\n")
                    try s.activeAppConnection().serve("GET /b HTTP/1.1", answering: "fine")
                    let passed = try client.receiveResponse()
                    #expect(passed.bodyText == "fine" && passed.head["Vary"] == "X-Team")
                }
            }
        }
    }

    @Test(arguments: binaries) func `a plug-in may have several files, C code of its own, and use all of the interface`(binary: String) throws {
        try inFolder { folder in
            try sluice(binary, ["plugin", "new", "all-of-it"], in: folder)
            let package = "\(folder)/all-of-it"
            try Folder.make("\(package)/Sources/CSum")
            try Folder.make("\(package)/Sources/CSum/include")
            try write("int sum(int a, int b);\n", to: "\(package)/Sources/CSum/include/sum.h")
            try write("#include \"sum.h\"\nint sum(int a, int b) { return a + b; }\n", to: "\(package)/Sources/CSum/sum.c")
            try write(
                """
                // swift-tools-version: 6.2
                import PackageDescription
                let sdk = Context.packageDirectory + "/.sluice-sdk"
                let package = Package(
                    name: "all-of-it", products: [.library(name: "all-of-it", type: .dynamic, targets: ["AllOfIt"])],
                    targets: [
                        .target(name: "CSum"),
                        .target(
                            name: "AllOfIt", dependencies: ["CSum"], swiftSettings: [.unsafeFlags(["-I", sdk + "/modules"])],
                            linkerSettings: [.unsafeFlags([sdk + "/stamp.o"])]),
                    ])

                """, to: "\(package)/Package.swift")
            for (name, source) in PluginSources.all { try write(source, to: "\(package)/Sources/AllOfIt/\(name).swift") }
            try sluice(binary, ["plugin", "build"], in: package)

            var options = Scenario.Options(binary: binary, loops: 2)
            options.site = serving("\(package)/liball-of-it.so", options: "ask-timeout = 5s\non-failure = open\nentry = one weight=3\nnetworks = 127.0.0.0/8")
            try Scenario.run(options) { s in
                let client = try s.connect()
                for round in 1...3 {
                    try client.send("POST /old/\(round)?q=1 HTTP/1.1\r\nHost: a\r\nX_Sum: forged\r\nAccept: a;q=0.5, b\r\nContent-Length: 3\r\n\r\nabc")
                    let app = try s.activeAppConnection()
                    let head = try app.receiveHead()
                    #expect(head.startLine == "POST /new/\(round)?q=1 HTTP/1.1")
                    #expect(head["X-Sum"] == "3" && head["X_Sum"] == nil && head["X-Accepts"] == "a b" && head["X-Answer"] == "42")
                    #expect(head["Transfer-Encoding"] == "chunked")
                    try app.expect("3\r\nABC\r\n0\r\n\r\n")
                    try app.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz")
                    let response = try client.receiveResponse()
                    #expect(response.bodyText == "XYZ" && response.head["X-Count"] == "\(round)" && response.head["X-Object"] == "kept")
                    #expect(response.head["X-Finished"] == "\(round - 1)")
                }
            }
        }
    }

    /// A symbol of the interface that the linker dropped, because the gateway does not use it, would be missing for a plug-in.
    @Test(arguments: binaries) func `all that the interface exports is in the program`(binary: String) throws {
        func names(_ command: String) throws -> Set<String> {
            let result = try Child.run(["/bin/sh", "-c", command])
            guard result.ending == .exit(0) else { throw ScenarioFailure("\(command): \(result.stderr)") }
            return Set(result.stdout.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) })
        }
        let folder = binary.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
        let exported = try names("nm -D --defined-only '\(binary)'")
        let maps = ["FilterAPI", "Buffers", "Configuration", "HTTPMessage"].map { "'\(folder)/\($0).build/output-file-map.json'" }
        // Hidden symbols cannot be meant: a plug-in's compiler does not know them. `readelf` tells them apart, `nm` does not.
        let needed = try names(
            """
            readelf -sW $(sed -n 's/.*"object": "\\(.*[.]swift[.]o\\)".*/\\1/p' \(maps.joined(separator: " "))) \
                | awk '($5 == "GLOBAL" || $5 == "WEAK") && $6 != "HIDDEN" && $7 != "UND" { print $8 }'
            """)
        #expect(needed.count > 500)
        let missing = needed.subtracting(exported).filter { $0.hasPrefix("$s") }
        #expect(missing.isEmpty, "\(missing.sorted().prefix(20))")
    }

    @Test func `an installed Sluice brings what plug-ins need, and notices what belongs to another`() throws {
        try inFolder { folder in
            try Folder.make("\(folder)/bin")
            #expect(try Child.run(["/bin/sh", "-c", "cp '\(Gateway.binary)' '\(folder)/bin/sluice'"]).ending == .exit(0))
            let sdk = "\(folder)/lib/sluice/sdk"
            try sluice(Gateway.binary, ["plugin", "sdk", "--into", sdk], in: folder)
            let installed = "\(folder)/bin/sluice"
            #expect(try sluice(installed, ["plugin", "sdk"], in: folder).stdout == "\(sdk)\n")
            try sluice(installed, ["plugin", "new", "mine"], in: folder)
            try sluice(installed, ["plugin", "build", "mine"], in: folder)
            // The same stamp: either of the two loads it.
            for binary in [installed, Gateway.binary] { try sluice(binary, ["check", "mine/gateway.conf"], in: folder) }

            let stamp = ScenarioTests.text(try #require(contents(of: "\(sdk)/stamp")))
            try write(stamp.replacing("interface ", with: "interface 0"), to: "\(sdk)/stamp")
            let refused = try sluice(installed, ["plugin", "build", "mine"], in: folder, status: 1).stderr
            #expect(refused.contains("belongs to another Sluice") && refused.contains("interface 0"))
        }
    }

    @Test func `names that cannot be are refused, and nothing is written over`() throws {
        try inFolder { folder in
            for (name, reason) in [
                ("Greeting", "lower-case words"), ("a b", "lower-case words"), ("-a", ""), ("a--b", "lower-case words"), ("../up", "lower-case words"),
                ("headers", "built in"), ("request", "Swift or Sluice has already"), ("1st", "lower-case words"), ("café", "lower-case words"),
            ] {
                let status: Int32 = name.hasPrefix("-") ? 64 : 1
                #expect(try sluice(Gateway.binary, ["plugin", "new", name], in: folder, status: status).stderr.contains(reason), "\(name)")
            }
            try Folder.make("\(folder)/mine")
            try write("kept", to: "\(folder)/mine/Package.swift")
            #expect(try sluice(Gateway.binary, ["plugin", "new", "mine"], in: folder, status: 1).stderr.contains("mine is there already"))
            #expect(contents(of: "\(folder)/mine/Package.swift") == "kept".bytes)
            #expect(try sluice(Gateway.binary, ["plugin", "build", "nowhere"], in: folder, status: 1).stderr.contains("there is no package in nowhere"))
        }
    }

    @Test func `what a build lacks is named`() throws {
        try inFolder { folder in
            try sluice(Gateway.binary, ["plugin", "new", "mine"], in: folder)
            let without = try Child.run([Gateway.binary, "plugin", "build", "\(folder)/mine"], environment: ["PATH": "\(folder)"])
            #expect(without.ending == .exit(1) && without.stderr.contains("there is no `swiftc` in PATH; a plug-in needs Swift 6."))
            try write("#!/bin/sh\necho 'Swift version 5.0 (other)'\n", to: "\(folder)/swiftc")
            unsafe _ = chmod("\(folder)/swiftc", 0o755)
            let other = try Child.run([Gateway.binary, "plugin", "build", "\(folder)/mine"], environment: ["PATH": "\(folder):/usr/bin:/bin"])
            #expect(other.ending == .exit(1) && other.stderr.contains("the `swiftc` in PATH is Swift 5.0 (other); a plug-in needs Swift 6."))
            // The program alone, without what it was built or installed with.
            let copy = try Child.run(["/bin/sh", "-c", "cp '\(Gateway.binary)' '\(folder)/sluice' && '\(folder)/sluice' plugin sdk"])
            #expect(copy.ending == .exit(1) && copy.stderr.contains("has nothing beside it to build plug-ins with"))
            // Code that does not compile.
            try write("import FilterAPI\nlet x: Int = \"\"\n", to: "\(folder)/mine/Sources/Mine/Mine.swift")
            let broken = try sluice(Gateway.binary, ["plugin", "build"], in: "\(folder)/mine", status: 1)
            #expect(broken.stderr.contains("error: cannot convert value") && broken.stderr.contains("`swift build` failed, status 1"))
            #expect(!Folder.exists("\(folder)/mine/libmine.so"))
        }
    }
}

import Glibc
import Testing

/// Files that are no plug-ins of this program are refused before any code of theirs runs: loading one would run its constructors.
@Suite struct PluginRefusalTests {
    /// A shared library in C whose constructor leaves a file. With a note, if there is a stamp.
    private func library(_ path: String, stamp: String?, symbols: [String] = ["sluice_plugin"], leaving mark: String) throws {
        var source = """
            #include <fcntl.h>
            #include <unistd.h>
            __attribute__((constructor)) static void run(void) { close(open("\(mark)", O_CREAT | O_WRONLY, 0600)); }

            """
        for symbol in symbols { source += "unsigned long \(symbol)(void) { return 0; }\n" }
        if let stamp {
            let bytes = stamp.utf8.map { "\($0)" }.joined(separator: ",")
            source += """
                __attribute__((section(".note.sluice"), used, aligned(4))) static const struct {
                    unsigned owner_size, text_size, type;
                    char owner[8];
                    unsigned char text[\((stamp.utf8.count + 3) / 4 * 4)];
                } stamp = {7, \(stamp.utf8.count), 1, "Sluice", {\(bytes)}};

                """
        }
        try write(source, to: "\(path).c")
        let compiler = try Programs.require("gcc")
        let result = try Child.run([compiler, "-shared", "-fPIC", "-o", path, "\(path).c"])
        guard result.ending == .exit(0) else { throw ScenarioFailure(result.stderr) }
    }

    private func ownStamp() throws -> String {
        let result = try Child.run([Gateway.binary, "plugin", "sdk"])
        guard result.ending == .exit(0), let stamp = contents(of: result.stdout.dropLast() + "/stamp") else { throw ScenarioFailure(result.stderr) }
        return ScenarioTests.text(stamp)
    }

    private func config(_ use: String) -> String {
        """
        [listener:web]
        listen = 127.0.0.1:0
        serve = site
        [pipeline:site]
        pipeline = mine demo
        [filter:mine]
        use = \(use)
        [app:demo]
        use = echo

        """
    }

    private func inFolder(_ script: (String) throws -> Void) throws {
        let folder = try Folder.made()
        defer { Folder.remove(folder) }
        try script(folder)
    }

    @Test func `no code runs of what was built for another Sluice, and both stamps are shown`() throws {
        let own = try ownStamp()
        let lines = own.split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        func changed(_ index: Int, _ value: String) -> String {
            var lines = lines
            lines[index] = value
            return lines.joined(separator: "\n") + "\n"
        }
        try inFolder { folder in
            let mark = "\(folder)/ran"
            let cases: [(stamp: String?, symbols: [String], code: String, words: [String])] = [
                (changed(0, "sluice 0.0.1"), ["sluice_plugin"], "plug-in.stamp", ["note: the plug-in is for Sluice 0.0.1, ", "note: this is Sluice "]),
                (changed(1, "interface 0"), ["sluice_plugin"], "plug-in.stamp", [", interface 0, Swift"]),
                (changed(2, "compiler 6.2 (old)"), ["sluice_plugin"], "plug-in.stamp", [", Swift 6.2 (old), "]),
                (changed(3, "build fast"), ["sluice_plugin"], "plug-in.stamp", [", fast build"]),
                (own + "more 1\n", ["sluice_plugin"], "plug-in.stamp", ["a Sluice whose stamp this one cannot read"]),
                (nil, ["sluice_plugin"], "plug-in.no-stamp", ["help: build it with this Sluice"]),
                (own, ["other"], "plug-in.no-entry", ["has no entry point `sluice_plugin`"]),
                (own, ["sluice_plugin", "$s9FilterAPI0A6PluginMp"], "plug-in.own-interface", ["has a copy of FilterAPI in itself"]),
            ]
            for (index, item) in cases.enumerated() {
                try library("\(folder)/lib\(index).so", stamp: item.stamp, symbols: item.symbols, leaving: mark)
                try write(config("./lib\(index).so"), to: "\(folder)/gateway.conf")
                for command in ["check", "run"] {
                    let result = try Child.run([Gateway.binary, command, "\(folder)/gateway.conf"])
                    let output = result.stdout + result.stderr
                    #expect(result.ending == .exit(2))
                    #expect(output.contains("error[\(item.code)]") && output.contains("use = ./lib\(index).so\n  |       ^^^^^^^^^"), "\(output)")
                    for word in item.words { #expect(output.contains(word), "\(output)") }
                    #expect(!Folder.exists(mark), "its constructor ran: \(output)")
                }
            }
            // With the right stamp it is loaded, so its constructor runs; what it then says is wrong is an error, too.
            try library("\(folder)/right.so", stamp: own, leaving: mark)
            try write(config("right.so"), to: "\(folder)/gateway.conf")
            let result = try Child.run([Gateway.binary, "check", "\(folder)/gateway.conf"])
            #expect(result.ending == .exit(2) && result.stdout.contains("error[plug-in.load]"))
            #expect(result.stdout.contains("its entry point `sluice_plugin` names no filter"))
            #expect(Folder.exists(mark))
        }
    }

    @Test func `a library that needs what is not there is an error, not a crash`() throws {
        try inFolder { folder in
            let own = try ownStamp()
            try library("\(folder)/a.so", stamp: own, leaving: "\(folder)/ran")
            let source = try #require(contents(of: "\(folder)/a.so.c"))
            try write(ScenarioTests.text(source).replacing("return 0;", with: "extern long absent(void); return absent();"), to: "\(folder)/a.c")
            #expect(try Child.run([try Programs.require("gcc"), "-shared", "-fPIC", "-o", "\(folder)/a.so", "\(folder)/a.c"]).ending == .exit(0))
            try write(config("a.so"), to: "\(folder)/gateway.conf")
            let result = try Child.run([Gateway.binary, "check", "\(folder)/gateway.conf"])
            #expect(result.ending == .exit(2) && result.stdout.contains("error[plug-in.load]") && result.stdout.contains("undefined symbol: absent"))
            #expect(!Folder.exists("\(folder)/ran"))
        }
    }

    @Test func `whatever a path leads to, it is said what it is`() throws {
        try inFolder { folder in
            try Folder.make("\(folder)/folder.so")
            try write("", to: "\(folder)/empty.so")
            try write("#!/bin/sh\n", to: "\(folder)/text.so")
            #expect(unsafe mkfifo("\(folder)/pipe.so", 0o600) == 0)
            let library = try #require(contents(of: Gateway.binary))
            // A piece of a program that was cut off.
            let descriptor = unsafe open("\(folder)/cut.so", O_WRONLY | O_CREAT, 0o600)
            #expect(unsafe library.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, 5000) } == 5000)
            close(descriptor)
            for (path, code, words) in [
                ("none.so", "plug-in.not-found", "there is no file `\(folder)/none.so`"), ("folder.so", "plug-in.format", "is a folder, not a plug-in"),
                ("empty.so", "plug-in.format", "is empty, not a plug-in"), ("text.so", "plug-in.format", "is no ELF file, not a plug-in"),
                ("pipe.so", "plug-in.format", "is not a regular file, not a plug-in"), ("/dev/zero", "plug-in.format", "is not a regular file"),
                ("cut.so", "plug-in.format", "is damaged"), (Gateway.binary, "plug-in.format", "is a program, not a plug-in"),
                ("text.so/x", "plug-in.unreadable", "Not a directory"),
            ] {
                try write(config(path), to: "\(folder)/gateway.conf")
                let result = try Child.run([Gateway.binary, "check", "\(folder)/gateway.conf"])
                #expect(result.ending == .exit(2))
                #expect(result.stdout.contains("error[\(code)]") && result.stdout.contains(words), "\(path): \(result.stdout)")
            }
        }
    }
}

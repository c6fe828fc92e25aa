import Testing

/// What is written down for those who deploy: the container file and the list of packages fit what is here, and what the binary needs.
@Suite struct DeploymentTests {
    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    private func file(_ path: String) throws -> String {
        try text(#require(contents(of: "\(Self.root)/\(path)"), "there is no \(path)"))
    }

    /// One `FROM` and what follows it.
    private struct Stage {
        var instructions: [[String]] = []

        /// The packages that it installs.
        var packages: Set<String> {
            var found: Set<String> = []
            for words in instructions where words.first == "RUN" {
                guard let install = words.firstIndex(of: "install"), words.contains("apt-get") else { continue }
                found.formUnion(words[install...].dropFirst().prefix { $0 != "&&" }.filter { !$0.hasPrefix("-") })
            }
            return found
        }
    }

    private func stages() throws -> [Stage] {
        var stages: [Stage] = []
        for line in try file("deploy/Containerfile").replacing("\\\n", with: " ").split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ").map(String.init)
            if words[0] == "FROM" { stages.append(Stage()) } else if stages.isEmpty { Issue.record("\(line) stands before any FROM") }
            if !stages.isEmpty { stages[stages.count - 1].instructions.append(words) }
        }
        try #require(stages.count == 2)
        return stages
    }

    @Test func `everything that the image is built of is here`() throws {
        let stages = try stages()
        var copied: Set<String> = []
        for words in stages.flatMap(\.instructions) where words[0] == "COPY" && !words[1].hasPrefix("--from") {
            for source in words.dropFirst().dropLast() {
                #expect(Folder.exists("\(Self.root)/\(source)"), "COPY \(source)")
                copied.insert(source)
            }
        }
        // What the package description speaks of must be there, or it cannot be read.
        let described = try file("Package.swift").matches(of: /path: "([A-Za-z]+)/).map { String($0.output.1) }
        for folder in Set(described + ["Sources", "Tests", "Makefile", "Package.swift"]) { #expect(copied.contains(folder), "\(folder) is not copied") }
        let entry = try #require(stages[1].instructions.first { $0[0] == "ENTRYPOINT" })
        #expect(entry[1] == "[\"/usr/bin/sluice\"]")
        #expect(stages[1].instructions.contains(["COPY", "--from=build", "/out/usr/bin", "/usr/bin"]))
        #expect(stages[1].instructions.contains(["COPY", "--from=build", "/out/usr/lib/sluice/swift", "/usr/lib/sluice/swift"]))
    }

    /// The Debian package that a file belongs to; nil if to none.
    private func owner(of path: String) throws -> String? {
        let found = try Child.run([try Programs.require("dpkg"), "-S", path])
        guard found.ending == .exit(0) else { return nil }
        return found.stdout.split(whereSeparator: { $0 == ":" || $0 == "," }).first.map(String.init)
    }

    /// Of every image of Debian.
    private static let base: Set = ["libc6", "libcrypt1", "libgcc-s1", "libstdc++6"]

    @Test(.enabled(if: Programs.find("dpkg") != nil, "this is no Debian"))
    func `the image has the libraries that the binary takes, and no others`() throws {
        var needed: Set<String> = []
        let listed = try Child.run([try Programs.require("ldd"), Gateway.binary])
        try #require(listed.ending == .exit(0))
        for line in listed.stdout.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 3, words[1] == "=>", !words[2].contains("/swift/") else { continue }
            // Debian 12 has /lib for /usr/lib, and its packages know one of the two.
            let path = String(words[2])
            let package = try owner(of: path) ?? owner(of: path.hasPrefix("/usr") ? String(path.dropFirst(4)) : "/usr" + path)
            needed.insert(try #require(package, "nobody knows whose \(path) is"))
        }
        #expect(try stages()[1].packages == needed.subtracting(Self.base))
        let operations = try file("docs/operations.md")
        for package in needed.subtracting(Self.base) { #expect(operations.contains(package), "docs/operations.md does not name \(package)") }
    }

    @Test(.enabled(if: Programs.find("dpkg") != nil, "this is no Debian"))
    func `deploy bootstrap and the image install the headers that the sources include`() throws {
        let found = try Child.run([try Programs.require("grep"), "-rhoE", "^#include <[^>]+>", "\(Self.root)/Sources"])
        try #require(found.ending == .exit(0))
        let machine = try Child.run([try Programs.require("gcc"), "-print-multiarch"]).stdout.split(separator: "\n").first ?? ""
        var needed: Set<String> = []
        for line in Set(found.stdout.split(separator: "\n")) {
            let header = line.dropFirst("#include <".count).dropLast()
            let places = ["/usr/include/\(header)", "/usr/include/\(machine)/\(header)"].filter(Folder.exists)
            // The compiler has its own: stddef.h.
            guard let place = places.first else { continue }
            needed.insert(try #require(try owner(of: place), "nobody knows whose \(place) is"))
        }
        // Of the compiler's image, and checked by bootstrap as what Swift needs.
        needed.subtract(["libc6-dev", "linux-libc-dev", "libcrypt-dev"])
        let bootstrap = try file("deploy/bootstrap")
        for package in needed { #expect(bootstrap.contains(" \(package)\n"), "deploy/bootstrap does not install \(package)") }
        #expect(try stages()[0].packages.subtracting(["make"]) == needed)
    }
}

import Testing

/// The repository as it is keeps the rules.
@Suite struct ArchitectureTests {
    let repository = Repository()

    @Test func sourcesKeepTheRules() throws {
        let paths = repository.files(in: ["Sources", "Plugins"], endings: ["swift"])
        #expect(paths.count > 20)
        for path in paths {
            let source = try #require(repository.text(path), "\(path) is not UTF-8")
            for breach in Rules.checkSource(path, source) { Issue.record("\(breach)") }
        }
    }

    @Test func filesAreShort() throws {
        for path in repository.files(in: ["Sources", "Plugins", "Tests"], endings: ["swift", "c", "h"]) {
            let source = try #require(repository.text(path), "\(path) is not UTF-8")
            for breach in Rules.checkLength(path, source) { Issue.record("\(breach)") }
        }
    }

    @Test func nothingNamesAPathOfOneMachine() throws {
        let folders = ["Sources", "Plugins", "Tests", "Benchmarks", "docs", "deploy"]
        var paths = repository.files(in: folders, endings: [])
        paths += ["Package.swift", "README.md", "Makefile", "gateway.conf", ".ci/run", ".gitignore"]
        for path in paths {
            // Corpora and the like need not be text.
            guard let source = repository.text(path) else { continue }
            for breach in Rules.checkMachinePaths(path, source) { Issue.record("\(breach)") }
        }
    }

    /// A module that the table names and that is not there yet is fine; one that is there must be in the table and be tested for.
    @Test func everyModuleHasItsRules() {
        let modules = Set(repository.files(in: ["Sources"], endings: ["swift"]).compactMap(Rules.module(of:)))
        #expect(modules.isSubset(of: Modules.allowedImports.keys))
        for (module, imports) in Modules.allowedImports {
            #expect(!imports.contains(module))
            for other in imports where Modules.allowedImports[other] != nil {
                #expect(Modules.allowedImports[other]?.contains(module) == false, "\(module) and \(other) import each other")
            }
        }
    }
}

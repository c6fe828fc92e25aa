import ArgumentParser
import Testing

@testable import Gateway

@Suite struct CommandTests {
    private static func exitCode(_ arguments: [String]) -> Int32 {
        do {
            var command = try SluiceCommand.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch {
            return SluiceCommand.exitCode(for: error).rawValue
        }
    }

    private static func message(_ arguments: [String]) -> String {
        do {
            var command = try SluiceCommand.parseAsRoot(arguments)
            try command.run()
            return ""
        } catch {
            return SluiceCommand.message(for: error)
        }
    }

    @Test func wrongUsageIs64() {
        #expect(Self.exitCode(["nonsense"]) == ExitStatus.usage.rawValue)
        #expect(Self.exitCode(["why", "no.such.code"]) == ExitStatus.usage.rawValue)
        #expect(Self.exitCode(["why", "route.none", "--markdown"]) == ExitStatus.usage.rawValue)
        #expect(Self.exitCode(["filters", "no-such-filter"]) == ExitStatus.usage.rawValue)
        #expect(Self.exitCode(["version", "--what"]) == ExitStatus.usage.rawValue)
    }

    @Test func helpAndVersionAreNoErrors() {
        #expect(Self.exitCode(["--help"]) == 0)
        #expect(Self.exitCode(["--version"]) == 0)
        #expect(Self.message(["--version"]) == Version.text)
    }

    @Test func helpListsTheExitStatuses() {
        let help = SluiceCommand.helpMessage(columns: 120)
        for status in ExitStatus.allCases { #expect(help.contains("  \(status.rawValue) ") && help.contains(status.meaning)) }
    }

    @Test func anUnknownCodeNamesTheNearest() {
        #expect(Self.message(["why", "route.nome"]).contains("Did you mean route.none?"))
    }
}

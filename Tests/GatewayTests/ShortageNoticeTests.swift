import EventLoops
import Glibc
import Testing

@testable import Gateway

@Suite struct ShortageNoticeTests {
    @Test func oneLineInTenSecondsSaysHowOften() throws {
        let notice = ShortageNotice()
        let full = SystemError(call: "accept", code: EMFILE)
        let first = try #require(notice.line(for: full, now: 1000, canSay: true))
        #expect(first.hasPrefix("sluice: warning: accept: Too many open files. "))
        #expect(first.contains("LimitNOFILE") && first.contains("ulimit"))
        for step in 1..<100 { #expect(notice.line(for: full, now: 1000 + Int64(step) * 100, canSay: true) == nil) }
        let second = try #require(notice.line(for: full, now: 11_000, canSay: true))
        #expect(second.contains("(100 calls since the last such line)"))
        #expect(notice.line(for: full, now: 11_001, canSay: true) == nil)
    }

    @Test func whatCouldNotBeSaidIsSaidLater() throws {
        let notice = ShortageNotice()
        let full = SystemError(call: "socket", code: EMFILE)
        #expect(notice.line(for: full, now: 0, canSay: false) == nil)
        #expect(notice.line(for: full, now: 1, canSay: false) == nil)
        let line = try #require(notice.line(for: full, now: 2, canSay: true))
        #expect(line.contains("(3 calls since the last such line)"))
    }

    @Test func theRemedyIsThatOfTheError() throws {
        func line(_ code: Int32) throws -> String {
            try #require(ShortageNotice().line(for: SystemError(call: "accept", code: code), now: 0, canSay: true))
        }
        #expect(try line(ENFILE).contains("fs.file-max"))
        #expect(try line(ENOMEM).contains("memory"))
        #expect(try !line(ENOMEM).contains("ulimit"))
    }
}

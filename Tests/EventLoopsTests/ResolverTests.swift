import Glibc
import Testing

@testable import EventLoops

@Suite struct ResolverTests {
    private static let loopback = SocketAddress.ipv4(0x7F00_0001, port: 0)

    /// Look-ups that hang until they are let go.
    private final class Gate: Sendable {
        let asked = Happenings<String>()
        private let open = Happenings<String>()

        func lookUp(_ host: String) -> Resolver.Answer {
            asked.add(host)
            open.wait { $0.contains(host) }
            return host.hasPrefix("bad") ? .failure(.unknownName) : .success([ResolverTests.loopback])
        }

        func letGo(_ hosts: String...) { for host in hosts { open.add(host) } }
    }

    /// Asks, and keeps the answers as they come.
    private struct Inquiry {
        let answers = Happenings<Resolver.Answer>()

        func ask(_ resolver: Resolver, _ host: String, port: UInt16 = 80) {
            resolver.resolve(host: host, port: port) { answers.add($0) }
        }
    }

    private func answer(_ resolver: Resolver, _ host: String, port: UInt16 = 80) -> Resolver.Answer {
        let inquiry = Inquiry()
        inquiry.ask(resolver, host, port: port)
        let answers = inquiry.answers.wait(for: 1)
        #expect(answers.count == 1)
        return answers.first ?? .failure(.stopped)
    }

    @Test func literalsAreAnsweredAtOnceAndOnTheSameThread() {
        let resolver = Resolver(timeoutMilliseconds: 1_000, maxThreads: 1) { _ in fatalError("nobody is to be asked") }
        let caller = pthread_self()
        for (host, text) in [("127.0.0.1", "127.0.0.1:81"), ("::1", "[::1]:81"), ("[::1]", "[::1]:81")] {
            let answers = Happenings<Resolver.Answer>()
            resolver.resolve(host: host, port: 81) {
                #expect(pthread_equal(caller, pthread_self()) != 0)
                answers.add($0)
            }
            #expect(answers.all == [.success([SocketAddress.parse(text)!])])
        }
    }

    @Test(arguments: [
        "", ".", "a b", "a\0b", "127.1", "127.0.0.01", "0x7f.0.0.1", "1.2.3.0x4", "2130706433", "1.2.3.4.", "a.1", "a..",
        String(repeating: "a", count: 256),
    ])
    func whatIsNoNameIsNotLookedUp(_ host: String) {
        let resolver = Resolver(timeoutMilliseconds: 1_000, maxThreads: 1) { _ in fatalError("nobody is to be asked") }
        #expect(answer(resolver, host) == .failure(.unknownName))
    }

    @Test func localhostIsFound() throws {
        let resolver = Resolver()
        defer { resolver.stop() }
        let addresses = try answer(resolver, "localhost", port: 8080).get()
        #expect(addresses.contains { $0.text == "127.0.0.1:8080" || $0.text == "[::1]:8080" })
        #expect(Set(addresses).count == addresses.count)
    }

    @Test func aNameThatCannotExistHasNoAddress() {
        let resolver = Resolver(timeoutMilliseconds: 5_000)
        defer { resolver.stop() }
        // RFC 6761 §6.4: no name server knows it; without a network none answers, soon or at all.
        let answer = answer(resolver, "nowhere.invalid")
        #expect([.failure(.unknownName), .failure(.temporary), .failure(.timedOut)].contains(answer))
    }

    @Test func theSameNameIsLookedUpOnce() {
        let gate = Gate()
        let resolver = Resolver(timeoutMilliseconds: 60_000, maxThreads: 4) { gate.lookUp($0) }
        defer { resolver.stop() }
        let app = Inquiry()
        for port in 1...20 as ClosedRange<UInt16> { app.ask(resolver, "app", port: port) }
        gate.asked.wait(for: 1)
        // Another name is looked up beside the one that hangs.
        gate.letGo("bad")
        #expect(answer(resolver, "bad") == .failure(.unknownName))
        #expect(gate.asked.all == ["app", "bad"])
        #expect(app.answers.all.isEmpty)
        gate.letGo("app")
        let ports = app.answers.wait(for: 20).compactMap { try? $0.get().first?.port }
        #expect(ports.sorted() == Array(1...20))
        // Who comes after the answer asks again.
        #expect(answer(resolver, "app") == .success([Self.loopback.with(port: 80)]))
        #expect(gate.asked.all == ["app", "bad", "app"])
    }

    @Test func noMoreLookUpsRunAtOnceThanMay() {
        let gate = Gate()
        let resolver = Resolver(timeoutMilliseconds: 60_000, maxThreads: 3) { gate.lookUp($0) }
        defer { resolver.stop() }
        let inquiry = Inquiry()
        let names = (0..<6).map { "host\($0)" }
        for name in names { inquiry.ask(resolver, name) }
        #expect(Set(gate.asked.wait(for: 3)).count == 3)
        gate.letGo(gate.asked.all[0])
        gate.asked.wait(for: 4)
        #expect(gate.asked.all.count == 4)
        for name in names { gate.letGo(name) }
        inquiry.answers.wait(for: 6)
        #expect(gate.asked.all.sorted() == names)
    }

    @Test func aHangingLookUpTimesOutAndServesTheNextCaller() {
        let gate = Gate()
        let resolver = Resolver(timeoutMilliseconds: 200, maxThreads: 1) { gate.lookUp($0) }
        defer { resolver.stop() }
        #expect(answer(resolver, "slow") == .failure(.timedOut))
        // The only thread hangs: another name waits for it in vain, but not for ever.
        #expect(answer(resolver, "queued") == .failure(.timedOut))
        #expect(gate.asked.all == ["slow"])
        let next = Inquiry()
        next.ask(resolver, "slow")
        gate.letGo("slow", "last")
        #expect(next.answers.wait(for: 1) == [.success([Self.loopback.with(port: 80)])])
        #expect(answer(resolver, "last") == .success([Self.loopback.with(port: 80)]))
        #expect(gate.asked.all == ["slow", "last"], "what nobody wants any more is not asked for")
    }

    @Test func stoppingAnswersEverybody() {
        let gate = Gate()
        let resolver = Resolver(timeoutMilliseconds: 60_000, maxThreads: 1) { gate.lookUp($0) }
        let inquiry = Inquiry()
        inquiry.ask(resolver, "running")
        gate.asked.wait(for: 1)
        inquiry.ask(resolver, "queued")
        resolver.stop()
        #expect(inquiry.answers.all == [.failure(.stopped), .failure(.stopped)])
        #expect(answer(resolver, "later") == .failure(.stopped))
        gate.letGo("running", "queued")
    }

    @Test func itsThreadsEndWhenItIsStopped() {
        weak var weakResolver: Resolver?
        do {
            let resolver = Resolver(timeoutMilliseconds: 60_000, maxThreads: 2) { _ in .success([ResolverTests.loopback]) }
            weakResolver = resolver
            #expect(answer(resolver, "a") == .success([Self.loopback.with(port: 80)]))
            resolver.stop()
        }
        let deadline = ContinuousClock.now + .seconds(10)
        while weakResolver != nil, ContinuousClock.now < deadline { sched_yield() }
        #expect(weakResolver == nil, "its threads still hold it")
    }
}

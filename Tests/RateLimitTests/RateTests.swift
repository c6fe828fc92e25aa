import FilterTesting
import RateLimit
import Seeded
import Testing

/// How many requests pass, and when.
@Suite struct RateTests {
    @Test func `a burst passes, then one request an interval`() throws {
        let harness = try limiter("rate = 10/s\nburst = 5")
        #expect(harness.passing(20) == 5)
        harness.advance(by: .milliseconds(99))
        #expect(harness.passing(1) == 0)
        harness.advance(by: .milliseconds(1))
        #expect(harness.passing(5) == 1)
        harness.advance(by: .milliseconds(300))
        #expect(harness.passing(9) == 3)
        harness.advance(by: .seconds(3600))
        #expect(harness.passing(20) == 5)
    }

    @Test(arguments: [("rate = 7/s", 7), ("rate = 30/m", 1), ("rate = 120/m", 2), ("rate = 1/h", 1), ("rate = 1000000/s\nburst = 3", 3)])
    func `the burst is the rate of a second where none is given, at least one`(_ options: String, _ burst: Int) throws {
        #expect(try limiter(options).passing(burst + 3) == burst)
    }

    /// nginx's arithmetic with `nodelay`, after its `ngx_http_limit_req_lookup`: thousandths of requests, and a burst on top of the first
    /// request, so that its `burst=4` is `burst = 5` here.
    static func nginx(rate: Int, burst: Int, _ times: [Int]) -> String {
        var excess = 0
        var last: Int?
        var passed = ""
        for time in times {
            guard let before = last else {
                last = time
                passed += "1"
                continue
            }
            let next = max(0, excess - rate * (time - before) / 1000 + 1000)
            if next > burst * 1000 {
                passed += "0"
                continue
            }
            excess = next
            last = time
            passed += "1"
        }
        return passed
    }

    @Test func `it lets pass what nginx's limit_req does`() throws {
        var random = SeededGenerator(seed: 7)
        for rate in [1, 2, 5, 10, 50] {
            for burst in [0, 1, 4, 20] {
                var now = 0
                let times = (0..<300).map { _ -> Int in
                    now += Int.random(in: 0...(2000 / rate), using: &random) * Int.random(in: 0...1, using: &random)
                    return now
                }
                let harness = try limiter("rate = \(rate)/s\nburst = \(burst + 1)")
                var passed = ""
                var at = 0
                for time in times {
                    harness.advance(by: .milliseconds(time - at))
                    at = time
                    passed += harness.send(plain).isForwarded ? "1" : "0"
                }
                #expect(passed == Self.nginx(rate: rate * 1000, burst: burst, times), "rate \(rate), burst \(burst)")
            }
        }
    }

    @Test(arguments: 0..<12) func `in no stretch of time pass more than rate times its length plus the burst`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let rate = Int.random(in: 1...200, using: &random)
        let burst = Int.random(in: 1...30, using: &random)
        let harness = try limiter("rate = \(rate)/s\nburst = \(burst)", loops: 3)
        var now = 0
        var passes: [Int] = []
        for _ in 0..<1500 {
            let step = Int.random(in: 0...3, using: &random) == 0 ? Int.random(in: 0...2_000_000, using: &random) / rate : 0
            now += step
            harness.advance(by: .microseconds(step))
            if harness.send(plain, on: Int.random(in: 0..<3, using: &random)).isForwarded { passes.append(now) }
        }
        #expect(passes.count > burst)
        for first in passes.indices {
            for last in first..<passes.count {
                let allowed = Double(rate) * Double(passes[last] - passes[first]) / 1e6 + Double(burst)
                #expect(Double(last - first + 1) <= allowed + 1e-6)
            }
        }
    }

    @Test func `a refused request costs nothing, unless refusals are penalised`() throws {
        let lenient = try limiter("rate = 1/s\nburst = 2")
        #expect(lenient.passing(50) == 2)
        lenient.advance(by: .seconds(1))
        #expect(lenient.passing(50) == 1)

        let strict = try limiter("rate = 1/s\nburst = 2\npenalise = on")
        #expect(strict.passing(50) == 2)
        for _ in 0..<20 {
            strict.advance(by: .milliseconds(900))
            #expect(strict.passing(1) == 0)
        }
        strict.advance(by: .seconds(1))
        #expect(strict.passing(3) == 1)
        strict.advance(by: .seconds(2))
        #expect(strict.passing(3) == 2)
    }

    @Test func `the calendar may jump`() throws {
        let harness = try limiter("rate = 1/s\nburst = 3")
        #expect(harness.passing(3) == 3)
        for wall in [1_767_225_600 + 3600, 1_767_225_600 - 3600, 0, 4_000_000_000] {
            harness.setWallClock(Int64(wall))
            #expect(harness.passing(2) == 0)
        }
        harness.advance(by: .seconds(1))
        #expect(harness.passing(2) == 1)
    }

    @Test func `costs and rates at their ends do not overflow`() throws {
        let slow = try limiter("rate = 1/h\nburst = 79000\ncost = 39500")
        #expect(slow.passing(4) == 2)
        slow.advance(by: .seconds(3600 * 39_500))
        #expect(slow.passing(4) == 1)
        let fast = try limiter("rate = 1000000/s\nburst = 1000000000\ncost = 1000000")
        #expect(fast.passing(1010) == 1000)
        fast.advance(by: .seconds(1))
        #expect(fast.passing(3) == 1)
        // Ten years of uptime.
        fast.advance(by: .seconds(10 * 366 * 86400))
        #expect(fast.passing(1010) == 1000)
    }

    // MARK: Delay

    @Test func `requests above the burst wait their turn, in order, up to so many`() throws {
        let harness = try limiter("rate = 10/s\nburst = 2\ndelay = 3")
        #expect(harness.passing(2) == 2)
        let waiting = (0..<3).map { _ in harness.send(plain) }
        #expect(waiting.map(\.delay) == [100, 200, 300])
        let refused = harness.send(plain)
        #expect(refused.reply?.status == 429)
        #expect(refused.reply?.field("Retry-After") == "1")
        harness.advance(by: .milliseconds(100))
        waiting[0].delayIsOver()
        #expect(waiting[0].isForwarded)
        #expect(harness.send(plain).delay == 300)
        #expect(harness.send(plain).reply?.status == 429)
    }

    @Test func `a wait is rounded up to whole milliseconds`() throws {
        let harness = try limiter("rate = 3/s\nburst = 1\ndelay = 2")
        #expect(harness.passing(1) == 1)
        #expect(harness.send(plain).delay == 334)
        #expect(harness.send(plain).delay == 667)
    }

    // MARK: Several limits

    @Test func `a request passes if it passes all limits, and consumes of none if one refuses it`() throws {
        let harness = try limiter("limit = 1/s burst=3 key=client-address name=client\nlimit = 1/s burst=5 key=host name=host")
        #expect(harness.passing(4, from: "192.0.2.1") == 3)
        // The refused one took nothing of the host's five.
        #expect(harness.passing(4, from: "192.0.2.2") == 2)
        #expect(harness.send(plain, from: "192.0.2.3").reply?.text.contains("\"violated-policies\":[\"host\"]") == true)
        // And those that the host's limit refused took nothing of their client's three.
        #expect(harness.passing(4, "GET / HTTP/1.1\nHost: other\n", from: "192.0.2.3") == 3)
    }

    @Test func `the longest wait counts`() throws {
        let harness = try limiter("limit = 10/s burst=1 delay=5 key=client-address\nlimit = 2/s burst=1 delay=5 key=host")
        #expect(harness.passing(1) == 1)
        #expect(harness.send(plain).delay == 500)
        #expect(harness.send(plain).delay == 1000)
    }

    // MARK: Costs

    @Test func `requests cost what the first rule that fits says`() throws {
        let harness = try limiter(
            "rate = 1/s\nburst = 10\ncost = 0 method=OPTIONS method=HEAD\ncost = 5 method=POST path=/search/**\ncost = 2 path=/search")
        func cost(_ line: String) -> Int {
            let before = harness.explain(plain, from: "198.51.100.1").notes.last ?? ""
            _ = harness.send("\(line) HTTP/1.1\nHost: a\n", from: "198.51.100.1")
            let after = harness.explain(plain, from: "198.51.100.1").notes.last ?? ""
            defer { harness.advance(by: .seconds(60)) }
            func left(_ note: String) -> Int { Int(note.split(separator: ", ").last { $0.contains(" of ") }?.split(separator: " ").first ?? "") ?? -1 }
            return left(before) - left(after)
        }
        #expect(cost("GET /search/x") == 1)
        #expect(cost("OPTIONS /search/x") == 0)
        #expect(cost("HEAD /search") == 0)
        #expect(cost("POST /search/x") == 5)
        #expect(cost("POST /%73earch//x/") == 5)
        #expect(cost("GET /search;v=1/") == 2)
        #expect(cost("post /search/x") == 1)
    }
}

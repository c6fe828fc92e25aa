// unsafe: calls hiredis with strings that live as long as the calls
import CHiredis
import FilterAPI

/// One loop's connection to the store. Many questions are under way on it at once; replies come in their order. While it is not up nobody
/// asks, so that a store that is down costs nothing: it goes down when it breaks, or leaves several questions in a row without an answer
/// in time, and is tried again after a while, which doubles each time.
@safe
final class StoreConnection {
    /// What a script call found out.
    struct Answer {
        /// Nanoseconds.
        let wait: Int64
        let retry: Int64
        /// How far the key's point is ahead of the store's time.
        let ahead: Int64
    }

    private enum State {
        /// Waiting to be tried.
        case down
        case resolving, connecting
        case up
    }

    private struct Pending {
        /// Nil for one whose answer nobody wants.
        let question: StoreQuestion?
        let index: Int
    }

    private let address: StoreAddress
    private let watch: LoopWatch
    private let loop: LoopContext
    private let side: SideWork
    private var redis: OpaquePointer?
    private var state = State.down
    /// Replies of the greeting that are still to come.
    private var greeting = 0
    private var script = ""
    private var pending: [Pending] = []
    private var firstPending = 0
    /// Questions in a row without a good answer.
    private var failures = 0
    private var backOff: Int64 = StoreConnection.firstBackOff
    private var lookUp: LookUp?
    /// Why it is down, for people.
    private(set) var trouble = "not connected yet"

    private static let firstBackOff: Int64 = 100
    private static let longestBackOff: Int64 = 10_000
    private static let connectMilliseconds: Int64 = 1_000
    private static let mostFailures = 5
    private static let mostPending = 4_096

    init(_ address: StoreAddress, _ loop: LoopContext) {
        self.address = address
        self.loop = loop
        side = loop.sideWork(atOnce: 2)
        watch = loop.makeWatch()
        watch.onReady = { [unowned self] in ready() }
        watch.onTime = { [unowned self] in timeIsUp() }
        watch.setTimer(milliseconds: 0)
    }

    deinit { disconnect() }

    var isUp: Bool { if case .up = state { true } else { false } }

    // MARK: Questions

    /// Runs the script for one key of a question; nil for a question whose answer nobody wants.
    ///
    /// - Returns: false if it was not sent: the store is down, or too much is under way.
    func ask(_ key: String, _ arguments: [String], for question: StoreQuestion?, index: Int = 0) -> Bool {
        guard isUp, pending.count - firstPending < Self.mostPending else { return false }
        guard append(["EVALSHA", script, "1", key] + arguments) else { return false }
        pending.append(Pending(question: question, index: index))
        return true
    }

    /// Sends what was asked.
    func flush() {
        guard let redis = unsafe redis, unsafe sluice_redis_write(redis) != 0 else { return }
        fail("the connection broke")
    }

    /// A question had no answer in time.
    func noteTimeout() { noteFailure("no answer in time") }

    private func noteFailure(_ trouble: String) {
        failures += 1
        if failures >= Self.mostFailures { fail(trouble) }
    }

    private func append(_ words: [String]) -> Bool {
        guard let redis = unsafe redis else { return false }
        // One block of NUL-terminated words, and pointers into it.
        var bytes: [CChar] = []
        var starts: [Int] = []
        var lengths: [Int] = []
        for word in words {
            starts.append(bytes.count)
            lengths.append(word.utf8.count)
            for byte in word.utf8 { bytes.append(CChar(bitPattern: byte)) }
            bytes.append(0)
        }
        return unsafe bytes.withUnsafeBufferPointer { block in
            let base = block.baseAddress!
            let pointers: [UnsafePointer<CChar>?] = unsafe starts.map { unsafe base + $0 }
            return unsafe sluice_redis_append(redis, Int32(words.count), pointers, lengths) == 0
        }
    }

    // MARK: Connecting

    private func timeIsUp() {
        switch state {
        case .down: begin()
        case .resolving: fail("its name was not resolved in time")
        case .connecting: fail("no connection in time")
        case .up: break
        }
    }

    private func begin() {
        watch.setTimer(milliseconds: Self.connectMilliseconds)
        switch address.place {
        case .socket(let path): unsafe connect(path.withCString { unsafe sluice_redis_connect_unix($0) })
        case .host(let host, let port):
            if IPAddress(host) != nil { return unsafe connect(host.withCString { unsafe sluice_redis_connect($0, port) }) }
            state = .resolving
            let lookUp = LookUp()
            self.lookUp = lookUp
            lookUp.start(host, side, loop.makeEvent { [weak self] in self?.resolved(lookUp, port) })
        }
    }

    private func resolved(_ lookUp: LookUp, _ port: Int32) {
        guard self.lookUp === lookUp, case .resolving = state else { return }
        self.lookUp = nil
        guard let address = lookUp.address else { return fail("its name cannot be resolved") }
        unsafe connect(address.withCString { unsafe sluice_redis_connect($0, port) })
    }

    private func connect(_ redis: OpaquePointer?) {
        guard let redis = unsafe redis else { return fail("no connection") }
        unsafe self.redis = unsafe redis
        state = .connecting
        greeting = 1
        guard watch.open(unsafe sluice_redis_descriptor(redis)) else { return fail("its descriptor cannot be watched") }
        if let password = address.password {
            _ = append(["AUTH"] + (address.user.map { [$0] } ?? []) + [password])
            greeting += 1
        }
        if address.database > 0 {
            _ = append(["SELECT", String(address.database)])
            greeting += 1
        }
        _ = append(["SCRIPT", "LOAD", StoreScript.text])
        flush()
    }

    private func disconnect() {
        watch.close()
        if let redis = unsafe redis { unsafe sluice_redis_free(redis) }
        unsafe redis = nil
    }

    /// Ends the connection; it is tried again after a while. Whoever waits for an answer goes on without one.
    private func fail(_ trouble: String) {
        self.trouble = trouble
        disconnect()
        lookUp = nil
        state = .down
        failures = 0
        // Not all loops and gateways at once.
        watch.setTimer(milliseconds: backOff + .random(in: 0...backOff / 4))
        backOff = min(2 * backOff, Self.longestBackOff)
        let left = pending[firstPending...]
        pending = []
        firstPending = 0
        for item in left { item.question?.fail() }
    }

    // MARK: Replies

    private func ready() {
        flush()
        // It ends: who sends more than was asked for is left.
        while let redis = unsafe redis {
            let result = unsafe sluice_redis_read(redis)
            takeReplies()
            guard unsafe self.redis == redis else { return }
            if result == 0 { return }
            if result < 0 { return fail("the store closed the connection, or sends what is no reply") }
        }
    }

    private func takeReplies() {
        var numbers: [Int64] = [0, 0, 0]
        var text = [CChar](repeating: 0, count: 128)
        while let redis = unsafe redis {
            let kind = unsafe sluice_redis_next(redis, &numbers, &text, text.count)
            if Int(kind) == SLUICE_REDIS_NONE { return }
            if Int(kind) == SLUICE_REDIS_BROKEN { return fail("what it says is not the protocol of Redis") }
            let word = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if greeting > 0 {
                guard Int(kind) == SLUICE_REDIS_TEXT else { return fail("it says: \(word)") }
                greeting -= 1
                if greeting == 0 { cameUp(word) }
            } else {
                take(kind, numbers, word)
            }
        }
    }

    private func cameUp(_ script: String) {
        self.script = script
        state = .up
        watch.clearTimer()
    }

    private func take(_ kind: Int32, _ numbers: [Int64], _ word: String) {
        guard firstPending < pending.count else { return fail("an answer to nothing") }
        let item = pending[firstPending]
        firstPending += 1
        if firstPending == pending.count {
            pending.removeAll(keepingCapacity: true)
            firstPending = 0
        } else if firstPending >= 1024 {
            pending.removeFirst(firstPending)
            firstPending = 0
        }
        guard Int(kind) == SLUICE_REDIS_NUMBERS else {
            item.question?.fail()
            // Its scripts are gone, as after a change of servers behind one address: they are loaded again with the next connection.
            return word.hasPrefix("NOSCRIPT") ? fail("it says: \(word)") : noteFailure("it says: \(word)")
        }
        // An answer that came too late helped nobody: a store that is always so slow is left alone, too.
        if item.question?.isLate != true {
            failures = 0
            backOff = Self.firstBackOff
        }
        item.question?.take(Answer(wait: Self.nanoseconds(numbers[0]), retry: Self.nanoseconds(numbers[1]), ahead: Self.nanoseconds(numbers[2])), at: item.index)
    }

    private static func nanoseconds(_ microseconds: Int64) -> Int64 { min(max(0, microseconds), CellRate.longest / 1000) * 1000 }
}

/// What a request asks the store: one script call for each of its limits.
final class StoreQuestion {
    let event: LoopEvent
    /// When it was asked, on the loop's clock.
    let asked: Int64
    private(set) var answers = [StoreConnection.Answer?](repeating: nil, count: LimitSettings.most)
    private(set) var hasFailed = false
    /// Nobody waits for it any more.
    var isLate = false
    var open = 0

    init(_ event: LoopEvent, _ asked: Int64) {
        self.event = event
        self.asked = asked
    }

    func take(_ answer: StoreConnection.Answer, at index: Int) {
        answers[index] = answer
        open -= 1
        if open == 0 { event.happen() }
    }

    func fail() {
        hasFailed = true
        event.happen()
    }
}

/// Looks a host name up, beside the loop.
private final class LookUp: @unchecked Sendable {
    // @unchecked: written by the task before the event, read on the loop after it.
    private(set) var address: String?

    func start(_ host: String, _ side: SideWork, _ event: LoopEvent) {
        Task {
            do throws(SideWorkFailure) {
                address = try await side.run { Self.resolve(host) }
            } catch {
                // No thread was free: it is tried again with the next connection.
            }
            event.happenSoon()
        }
    }

    private static func resolve(_ host: String) -> String? {
        var text = [CChar](repeating: 0, count: 64)
        guard unsafe host.withCString({ unsafe sluice_redis_resolve($0, &text, text.count) }) == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

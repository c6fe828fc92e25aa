import Testing
import Upstreams

@Suite struct RetryRuleTests {
    /// One attempt that failed before a byte of the response, with everything that the decision looks at.
    struct Attempt: CustomTestStringConvertible {
        var reused = false
        var bytes = 0
        var idempotent = true
        var replayable = true
        var tries = 1
        var allowed = RetryAllowance()

        var decision: RetryDecision {
            RetryRule.decide(
                connectionWasReused: reused, bytesAccepted: bytes, methodIsIdempotent: idempotent, bodyIsReplayable: replayable,
                triesSoFar: tries, allowed: allowed)
        }
        var testDescription: String {
            "reused=\(reused) bytes=\(bytes) idempotent=\(idempotent) replayable=\(replayable) try \(tries)/\(allowed.tries) \(allowed.resendsIdempotent)"
        }
    }

    @Test(arguments: [
        // The app had closed its idle connection: once more on a fresh one.
        (Attempt(reused: true, bytes: 0, idempotent: false), .retryFresh),
        (Attempt(reused: true, bytes: 80, idempotent: true), .retryFresh),
        (Attempt(reused: true, bytes: 80, idempotent: false), .giveUp),
        (Attempt(reused: true, bytes: 80, idempotent: true, replayable: false), .giveUp),
        (Attempt(reused: true, bytes: 80, allowed: RetryAllowance(resendsIdempotent: false)), .giveUp),
        (Attempt(reused: true, bytes: 0, allowed: RetryAllowance(resendsIdempotent: false)), .retryFresh),
        // … even for an operator who allows one try, but only once.
        (Attempt(reused: true, bytes: 80, tries: 1, allowed: RetryAllowance(tries: 1)), .retryFresh),
        (Attempt(reused: true, bytes: 80, tries: 2, allowed: RetryAllowance(tries: 1)), .giveUp),
        (Attempt(reused: false, bytes: 80, tries: 2, allowed: RetryAllowance(tries: 1)), .giveUp),
        // A fresh connection closed with no answer: the request may be what broke the app.
        (Attempt(reused: false, bytes: 80, idempotent: true), .giveUp),
        // … but not if nothing was sent: the next server, whatever the method, while tries are left.
        (Attempt(reused: false, bytes: 0, idempotent: false), .retryOtherServer),
        (Attempt(reused: false, bytes: 0, idempotent: false, tries: 2), .retryOtherServer),
        (Attempt(reused: false, bytes: 0, tries: 3), .giveUp),
        (Attempt(reused: false, bytes: 0, allowed: RetryAllowance(tries: 1)), .giveUp),
        (Attempt(reused: false, bytes: 0, replayable: false), .giveUp),
        (Attempt(reused: false, bytes: 0, allowed: RetryAllowance(resendsIdempotent: false)), .retryOtherServer),
    ] as [(Attempt, RetryDecision)])
    func example(_ attempt: Attempt, _ decision: RetryDecision) {
        #expect(attempt.decision == decision)
    }

    /// Every combination, against what must hold of any rule rather than against the rule written again.
    @Test func noCombinationBreaksAPromise() {
        var retries = 0
        for attempt in Self.allAttempts {
            let decision = attempt.decision
            guard decision != .giveUp else { continue }
            retries += 1
            if attempt.bytes > 0 {
                #expect(attempt.idempotent, "a POST that may have reached the app is sent twice: \(attempt.testDescription)")
                #expect(attempt.allowed.resendsIdempotent, "the operator forbade it: \(attempt.testDescription)")
                #expect(attempt.reused, "not a dead idle connection: \(attempt.testDescription)")
            }
            #expect(attempt.replayable, "the body is gone: \(attempt.testDescription)")
            #expect(attempt.tries < max(attempt.allowed.tries, 2), "too many tries: \(attempt.testDescription)")
            if decision == .retryFresh { #expect(attempt.reused) }
        }
        #expect(retries > 50)
    }

    /// An exchange that goes on until it must give up, over every way that its attempts may fail: how often the app may see it.
    @Test func anExchangeEndsAndAPostReachesTheAppOnce() {
        for allowedTries in 1...4 {
            for resends in [false, true] {
                for idempotent in [false, true] {
                    let allowed = RetryAllowance(tries: allowedTries, resendsIdempotent: resends)
                    follow(tries: 1, reached: 0, freshRetries: 0, mayReuse: true, idempotent, allowed)
                }
            }
        }
    }

    private func follow(tries: Int, reached: Int, freshRetries: Int, mayReuse: Bool, _ idempotent: Bool, _ allowed: RetryAllowance) {
        #expect(tries <= max(allowed.tries, 2))
        #expect(idempotent && allowed.resendsIdempotent || reached <= 1)
        #expect(reached <= 2)
        #expect(freshRetries <= 1)
        for reused in mayReuse ? [false, true] : [false] {
            for bytes in [0, 1] {
                let attempt = Attempt(reused: reused, bytes: bytes, idempotent: idempotent, tries: tries, allowed: allowed)
                let decision = attempt.decision
                guard decision != .giveUp else { continue }
                follow(
                    tries: tries + 1, reached: reached + bytes, freshRetries: freshRetries + (decision == .retryFresh ? 1 : 0),
                    mayReuse: false, idempotent, allowed)
            }
        }
    }

    static var allAttempts: [Attempt] {
        var all: [Attempt] = []
        for bits in 0..<8 {
            for bytes in [0, 1, 1_000_000] {
                for tries in 1...5 {
                    for allowedTries in 1...4 {
                        for resends in [false, true] {
                            all.append(Attempt(
                                reused: bits & 1 != 0, bytes: bytes, idempotent: bits & 2 != 0, replayable: bits & 4 != 0, tries: tries,
                                allowed: RetryAllowance(tries: allowedTries, resendsIdempotent: resends)))
                        }
                    }
                }
            }
        }
        return all
    }
}

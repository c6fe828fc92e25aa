import Testing
import Upstreams

@Suite struct RetryRuleTests {
    /// One attempt that failed, with everything that the decision looks at.
    struct Attempt: CustomTestStringConvertible {
        var failure = FailurePoint.awaitingResponse
        var reused = false
        var bytes = 0
        var idempotent = true
        var replayable = true
        var tries = 1
        var allowed = RetryAllowance()

        var decision: RetryDecision {
            RetryRule.decide(
                failure: failure, connectionWasReused: reused, bytesAccepted: bytes, methodIsIdempotent: idempotent,
                bodyIsReplayable: replayable, triesSoFar: tries, allowed: allowed)
        }
        var testDescription: String {
            "\(failure) reused=\(reused) bytes=\(bytes) idempotent=\(idempotent) replayable=\(replayable) try \(tries)/\(allowed.tries) \(allowed.resending)"
        }
    }

    @Test(arguments: [
        // Nothing was sent: the next server, whatever the method, while tries are left.
        (Attempt(failure: .connecting), .retryOtherServer),
        (Attempt(failure: .connecting, idempotent: false), .retryOtherServer),
        (Attempt(failure: .connecting, idempotent: false, tries: 2), .retryOtherServer),
        (Attempt(failure: .connecting, tries: 3), .giveUp),
        (Attempt(failure: .connecting, allowed: RetryAllowance(tries: 1)), .giveUp),
        (Attempt(failure: .connecting, allowed: RetryAllowance(resending: .never)), .retryOtherServer),
        // The app had closed its idle connection: once more on a fresh one.
        (Attempt(reused: true, bytes: 0, idempotent: false), .retryFresh),
        (Attempt(reused: true, bytes: 80, idempotent: true), .retryFresh),
        (Attempt(reused: true, bytes: 80, idempotent: false), .giveUp),
        (Attempt(reused: true, bytes: 80, idempotent: true, replayable: false), .giveUp),
        (Attempt(reused: true, bytes: 80, allowed: RetryAllowance(resending: .never)), .giveUp),
        (Attempt(reused: true, bytes: 0, allowed: RetryAllowance(resending: .never)), .retryFresh),
        // … even for an operator who allows one try, but only once.
        (Attempt(reused: true, bytes: 80, tries: 1, allowed: RetryAllowance(tries: 1)), .retryFresh),
        (Attempt(reused: true, bytes: 80, tries: 2, allowed: RetryAllowance(tries: 1)), .giveUp),
        (Attempt(reused: false, bytes: 80, tries: 2, allowed: RetryAllowance(tries: 1)), .giveUp),
        // A fresh connection closed with no answer: the request may be what broke the app.
        (Attempt(reused: false, bytes: 80, idempotent: true), .giveUp),
        (Attempt(reused: false, bytes: 80, idempotent: true, allowed: RetryAllowance(resending: .always)), .retryOtherServer),
        (Attempt(reused: false, bytes: 80, idempotent: false, allowed: RetryAllowance(resending: .always)), .giveUp),
        (Attempt(reused: false, bytes: 0, idempotent: false), .retryOtherServer),
        // A silent app may be at work: a reused connection is no excuse.
        (Attempt(failure: .responseTimedOut, reused: true, bytes: 80), .giveUp),
        (Attempt(failure: .responseTimedOut, reused: true, bytes: 80, allowed: RetryAllowance(resending: .always)), .retryOtherServer),
        (Attempt(failure: .responseTimedOut, bytes: 0, idempotent: false), .retryOtherServer),
        // A response has begun.
        (Attempt(failure: .responding, reused: true, bytes: 0), .giveUp),
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
                #expect(attempt.allowed.resending != .never, "the operator forbade it: \(attempt.testDescription)")
                #expect(
                    attempt.allowed.resending == .always || attempt.reused && attempt.failure == .awaitingResponse,
                    "not a dead idle connection: \(attempt.testDescription)")
            }
            #expect(attempt.failure != .responding, "a response had begun: \(attempt.testDescription)")
            #expect(attempt.replayable, "the body is gone: \(attempt.testDescription)")
            #expect(attempt.tries < max(attempt.allowed.tries, 2), "too many tries: \(attempt.testDescription)")
            if decision == .retryFresh { #expect(attempt.reused && attempt.failure == .awaitingResponse) }
        }
        #expect(retries > 100)
    }

    /// An exchange that goes on until it must give up, over every way that its attempts may fail: how often the app may see it.
    @Test func anExchangeEndsAndAPostReachesTheAppOnce() {
        for allowedTries in 1...4 {
            for resending in RetryAllowance.Resending.allCases {
                for idempotent in [false, true] {
                    let allowed = RetryAllowance(tries: allowedTries, resending: resending)
                    follow(tries: 1, reached: 0, freshRetries: 0, mayReuse: true, idempotent, allowed)
                }
            }
        }
    }

    private func follow(tries: Int, reached: Int, freshRetries: Int, mayReuse: Bool, _ idempotent: Bool, _ allowed: RetryAllowance) {
        #expect(tries <= max(allowed.tries, 2))
        #expect(idempotent && allowed.resending != .never || reached <= 1)
        #expect(reached <= 2 || allowed.resending == .always)
        #expect(freshRetries <= 1)
        for failure in FailurePoint.allCases {
            for reused in mayReuse && failure != .connecting ? [false, true] : [false] {
                for bytes in failure == .connecting ? [0] : [0, 1] {
                    let attempt = Attempt(
                        failure: failure, reused: reused, bytes: bytes, idempotent: idempotent, tries: tries, allowed: allowed)
                    let decision = attempt.decision
                    guard decision != .giveUp else { continue }
                    follow(
                        tries: tries + 1, reached: reached + bytes, freshRetries: freshRetries + (decision == .retryFresh ? 1 : 0),
                        mayReuse: false, idempotent, allowed)
                }
            }
        }
    }

    static var allAttempts: [Attempt] {
        var all: [Attempt] = []
        for failure in FailurePoint.allCases {
            for bits in 0..<8 {
                for bytes in [0, 1, 1_000_000] {
                    for tries in 1...5 {
                        for allowedTries in 1...4 {
                            for resending in RetryAllowance.Resending.allCases {
                                all.append(Attempt(
                                    failure: failure, reused: bits & 1 != 0, bytes: bytes, idempotent: bits & 2 != 0,
                                    replayable: bits & 4 != 0, tries: tries,
                                    allowed: RetryAllowance(tries: allowedTries, resending: resending)))
                            }
                        }
                    }
                }
            }
        }
        return all
    }
}

import FilterAPI

// Limits that several gateways hold together. The table of this gateway knows for each key at least how far it is: who is over by that costs
// the store nothing. Without the store the table goes on alone.

extension Limiter {
    func ask(_ store: StoreConnection, _ visit: Visit, _ request: inout Request) -> RequestDecision {
        var known = visit
        first?.look(&known)
        if !known.isAllowed { return finish(&known, &request) }
        guard store.isUp else { return decideAlone(visit, &request) }
        let question = StoreQuestion(loop.makeEvent(), clock.nanoseconds)
        let keys = storeKeys(visit, request)
        for index in settings.limits.indices where visit.applies(index) {
            let limit = settings.limits[index]
            let arguments = StoreScript.arguments(limit.rateAsGiven, limit.rate, cost: visit.cost, penalises: settings.penalises)
            guard store.ask(keys[index], arguments, for: question, index: index) else {
                store.flush()
                return decideAlone(visit, &request)
            }
            question.open += 1
        }
        store.flush()
        return .wait(for: question.event, atMost: settings.storeTimeout) { [self] request in
            if !question.event.hasHappened {
                question.isLate = true
                store.noteTimeout()
            }
            guard question.event.hasHappened, !question.hasFailed else { return decideAlone(visit, &request) }
            return take(question, visit, keys, store, &request)
        }
    }

    /// Decides by the store's answers, and remembers them.
    private func take(
        _ question: StoreQuestion, _ visit: Visit, _ keys: [String], _ store: StoreConnection, _ request: inout Request
    ) -> RequestDecision {
        var visit = visit
        for index in settings.limits.indices where visit.applies(index) {
            guard let answer = question.answers[index] else { continue }
            visit.take(index, CellRate.Verdict(point: point(answer, question, index), wait: answer.wait, retry: answer.retry))
            visit.note(index, settings.limits[index].rate, visit.now &+ answer.ahead)
        }
        var link = first
        while let limit = link {
            link = limit.next
            let index = limit.index
            guard visit.applies(index), let answer = question.answers[index] else { continue }
            if visit.isAllowed || answer.retry > 0 {
                limit.table.update(visit.keys[index], now: visit.now) { max($0, point(answer, question, index)) }
            } else {
                // Another limit refuses the request: this one gets back what it gave.
                let rate = settings.limits[index]
                var arguments = StoreScript.arguments(rate.rateAsGiven, rate.rate, cost: visit.cost, penalises: false)
                arguments[0] = "-" + arguments[0]
                _ = store.ask(keys[index], arguments, for: nil)
            }
        }
        store.flush()
        return finish(&visit, &request)
    }

    /// The store's time was not before the question: the key's true point is not before this one. No script goes further than all of the burst;
    /// whatever else answers must not lock a client out for longer.
    private func point(_ answer: StoreConnection.Answer, _ question: StoreQuestion, _ index: Int) -> Int64 {
        min(question.asked &+ answer.ahead, settings.limits[index].rate.exhausted(question.asked))
    }

    private func decideAlone(_ visit: Visit, _ request: inout Request) -> RequestDecision {
        switch settings.onStoreFailure {
        case .open: return .forward
        case .closed: return settings.mode == .enforce ? .respond(storeFailed) : .forward
        case .local:
            var visit = visit
            first?.check(&visit)
            return finish(&visit, &request)
        }
    }

    private func storeKeys(_ visit: Visit, _ request: borrowing Request) -> [String] {
        var keys: [String] = []
        for index in settings.limits.indices {
            guard visit.applies(index) else {
                keys.append("")
                continue
            }
            let limit = settings.limits[index]
            let key = limit.key.bytes(of: request).map(KeyDigest.text) ?? "none"
            keys.append("sluice:\(settings.section):\(limit.name):\(key)")
        }
        return keys
    }
}

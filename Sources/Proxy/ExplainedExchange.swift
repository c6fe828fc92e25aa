import Buffers
import EventLoops
import FilterAPI
import HTTPMessage
import Pipeline

// The steps of an exchange that is explained instead of served (`ProxyLoop.explain`): they do what those of a served one do, one filter at
// a time, and write down what came of it.

extension Exchange {
    func beginAccount(_ client: ClientSide) {
        message.explanation = Explanation()
        guard let account = proxy.account else { return }
        account.peer = client.addressText.span.text(ByteRange(start: 0, count: client.addressText.count))
        account.client = clientAddress.span.text(ByteRange(start: 0, count: clientAddress.count))
        account.peerIsTrusted = client.peerIsTrusted
    }

    /// Runs the request filters of a pipeline. Nobody is asked and nothing is waited for: who is asked is taken to let the request pass,
    /// an event too, and a delay is over at once.
    func explainFilters(of pipeline: LoopPipeline) -> RequestOutcome {
        let index = passage[passage.count - 1]
        proxy.account?.steps.append(.pipeline(index))
        for step in 0..<pipeline.filters.requestStepCount {
            let position = pipeline.filters.position(ofRequestStep: step)
            let place = ExchangeAccount.Place(pipeline: index, position: position)
            var before = RequestSnapshot(message)
            var decision = pipeline.filters.run(requestStep: step, &message)
            while case .wait(let question) = decision, case .delay(let milliseconds) = question.kind {
                note(place, .delay(milliseconds), since: before)
                before = RequestSnapshot(message)
                decision = question.decide(&message)
            }
            switch decision {
            case .forward: note(place, .forward, since: before)
            case .respond(let reply):
                note(place, .reply(status: reply.status), since: before)
                return .reply(reply, reached: position + 1)
            case .wait(let question):
                if case .event(_, let milliseconds) = question.kind {
                    note(place, .delay(milliseconds), since: before)
                    continue
                }
                let settings = pipeline.settings[position]
                note(place, .ask(timeout: settings.askTimeout, failsOpen: settings.failsOpen), since: before)
            }
        }
        return .forward
    }

    private func note(_ place: ExchangeAccount.Place, _ verdict: ExchangeAccount.Verdict, since before: RequestSnapshot) {
        let step = ExchangeAccount.FilterStep(
            place: place, verdict: verdict, notes: takeNotes(), changes: before.changes(until: RequestSnapshot(message)))
        proxy.account?.steps.append(.filter(step))
    }

    private func takeNotes() -> [Explanation.Note] {
        guard let explanation = message.explanation else { return [] }
        defer { explanation.notes = [] }
        return explanation.notes
    }

    /// The request would go to an app: writes down what that would get, and ends.
    func explainApp(_ number: Int) {
        guard let account = proxy.account, let client else { return }
        var step = ExchangeAccount.AppStep(app: number)
        if let upstream = proxy.upstreams[number] {
            prepareBody(client)
            var out = OutputBuffer()
            out.attach(slabs)
            headSlab.withBytes { writeRequestHead(to: &out, $0, client, upstream.object, server: 0) }
            if out.overflowed { return fail(.gatewayHeadTooLarge) }
            step.head = Self.bytes(out)
        }
        account.steps.append(.app(step))
        eachResponder { pipeline, step in account.responders.append(place(pipeline, step)) }
        keepsClient = false
        requestAbandoned = true
        phase = .ended
    }

    private static func bytes(_ out: borrowing OutputBuffer) -> [UInt8] {
        let span = out.readable
        return span.indices.map { span[$0] }
    }

    /// Shows a response that was made here to the filters, as `passBack` does.
    func explainPassBack() {
        guard let account = proxy.account else { return }
        eachResponder { pipeline, step in
            proxy.pipelines[pipeline].object.filters.run(responseStep: step, &proxy.scratch, for: message)
            let place = place(pipeline, step)
            account.responders.append(place)
            for note in takeNotes() { account.responseNotes.append((place, note)) }
        }
    }

    private func place(_ pipeline: Int, _ step: Int) -> ExchangeAccount.Place {
        ExchangeAccount.Place(pipeline: pipeline, position: proxy.pipelines[pipeline].object.filters.position(ofResponseStep: step))
    }
}

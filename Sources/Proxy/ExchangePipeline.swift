import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Pipeline
import Routing
import Telemetry
import Transport
import Upstreams

// The way of a request through the filters of its pipelines, and of its response back.

extension Exchange {
    // MARK: The request

    func enterPipeline(_ index: Int) {
        guard passage.count < Passage.mostPipelines else { return fail(.gatewayError) }
        if passage.count == 0 {
            prepareMessage()
            if let watch = proxy.watch { passage.isTimed = watch.takesSample() }
        }
        applyRewrite()
        passage.enter(index)
        proxy.updateClock()
        proxy.pipelines[index].lend { pipeline in
            if pipeline.filters.hasResponseSteps { passage.seesResponse = true }
            if pipeline.filters.hasAwaiters { passage.awaitsLength = true }
            if pipeline.filters.hasObservers { passage.isObserved = true }
            take(advance(pipeline, from: 0), of: pipeline)
        }
    }

    /// Runs the request filters of the pipeline that it entered last, from `step` on.
    private func advance(_ pipeline: LoopPipeline, from step: Int) -> RequestOutcome {
        guard proxy.looksAtFilters else { return pipeline.filters.advance(&message, from: step) }
        if let watch = proxy.watch { return watchFilters(of: pipeline, from: step, watch) }
        return explainFilters(of: pipeline)
    }

    /// The pipeline that it entered last.
    private var lastPipeline: Uncounted<LoopPipeline> { proxy.pipelines[passage[passage.count - 1]] }

    /// Tells the message what only filters need.
    private func prepareMessage() {
        message.fields.end = request.end
        clientReference?.lend { client in
            message.isHTTPS = speaksTLS(client)
            if let version = client.tlsVersion {
                message.tlsVersion = version
                message.clientCertificate = client.certificate
            }
            message.clientAddress = clientIP(client)
            if client.destination != nil { message.destination = client.destination }
            message.isFromTrustedProxy = client.peerIsTrusted
        }
    }

    /// What routes have taken off the path is off for filters.
    private func applyRewrite() {
        guard strippedPath > 0 || replacement != nil else { return }
        let prefix = replacement ?? []
        message.replacePathPrefix(strippedPath, with: prefix.span)
        strippedPath = 0
        replacement = nil
    }

    private func take(_ outcome: RequestOutcome, of pipeline: LoopPipeline) {
        switch outcome {
        case .forward:
            passage.reached = pipeline.filters.count
            if message.fields.overflowed { return fail(.gatewayHeadTooLarge) }
            if case .length(let length) = request.framing, length > message.maxBodyBytes { return fail(.requestBodyTooLarge) }
            guard clientReference != nil else { return }
            follow(pipeline.routes)
        case .reply(let reply, let reached):
            passage.reached = reached
            passage.isAnswered = true
            noteReply(reply.reason)
            send(reply)
        case .wait(let pending, let step):
            passage.reached = pipeline.filters.reached(atStep: step)
            ask(pending, step: step, of: pipeline)
        }
    }

    // MARK: Waiting

    private func ask(_ pending: PendingQuestion, step: Int, of pipeline: LoopPipeline) {
        phase = .asking
        let waiting = WaitingQuestion(pending, step: step, of: self)
        question = waiting
        waiting.start(askTimeout: pipeline.settings[passage.reached - 1].askTimeout)
    }

    /// Forgets what a filter waits for; an answer that still comes is dropped.
    func endQuestion() {
        guard let waiting = question.take() else { return }
        waiting.end()
    }

    /// The answer is there, or the time is up for which a filter wanted to wait.
    func answered(_ waiting: WaitingQuestion) {
        guard question === waiting, phase == .asking else { return }
        proxy.updateClock()
        lastPipeline.lend { pipeline in
            let outcome: RequestOutcome
            if let watch = proxy.watch {
                outcome = watchDecision(waiting, of: pipeline, watch)
            } else {
                outcome = pipeline.filters.follow(waiting.decide(&message), of: &message, step: waiting.step)
            }
            // Not before it has decided: the answer goes with the question.
            endQuestion()
            take(outcome, of: pipeline)
        }
        client?.run()
    }

    /// There is no answer: what happens is the operator's choice, unless the request itself is at fault.
    ///
    /// - Parameter cause: what failed below, for the access log.
    func unanswered(_ waiting: WaitingQuestion, _ reason: Reason, cause: Reason?) {
        guard question === waiting, phase == .asking else { return }
        if let cause, cause != reason { record.cause = cause }
        endQuestion()
        lastPipeline.lend { pipeline in
            proxy.watch?.counters[pipeline.numbers[passage.reached - 1]].failures &+= 1
            let isOpen = pipeline.settings[passage.reached - 1].failsOpen && (reason == .filterAskFailed || reason == .filterAskTimeout)
            guard isOpen else { return fail(reason) }
            proxy.updateClock()
            take(advance(pipeline, from: waiting.step + 1), of: pipeline)
        }
        client?.run()
    }

    // MARK: The response

    /// Shows the response in `proxy.scratch` to the filters that the request has passed, the last one first. Once an exchange.
    func passBack() {
        passage.isReturned = true
        proxy.updateClock()
        if proxy.account != nil { return explainPassBack() }
        if passage.isTimed, let watch = proxy.watch { return timePassBack(watch) }
        var place = passage.count - 1
        var passed = passage.isAnswered ? passage.reached - 1 : passage.reached
        while place >= 0 {
            proxy.pipelines[passage[place]].lend { $0.filters.processResponse(&proxy.scratch, for: message, passed: passed) }
            place -= 1
            if place >= 0 { passed = proxy.pipelines[passage[place]].lend { $0.filters.count } }
        }
    }

    /// Calls `body` with the pipeline and the response step of each filter that sees the response, in the order of `passBack`.
    func eachResponder(_ body: (_ pipeline: Int, _ step: Int) -> Void) {
        var passed = passage.isAnswered ? passage.reached - 1 : passage.reached
        for place in (0..<passage.count).reversed() {
            let filters = proxy.pipelines[passage[place]].object.filters
            for step in 0..<filters.responseStepCount where filters.position(ofResponseStep: step) < passed { body(passage[place], step) }
            if place > 0 { passed = proxy.pipelines[passage[place - 1]].object.filters.count }
        }
    }

    /// Tells the filters that the request has reached how it ended.
    func tellObservers() {
        guard passage.isObserved, proxy.account == nil else { return }
        passage.isObserved = false
        proxy.updateClock()
        let summary = ExchangeSummary(
            status: record.status, reason: record.reasonCode, isComplete: record.reason == nil || record.end.phase == .complete,
            microseconds: record.marks.ended &- record.marks.began, bytesIn: record.clientBytesIn, bytesOut: record.clientBytesOut)
        var place = passage.count - 1
        var reached = passage.reached
        while place >= 0 {
            proxy.pipelines[passage[place]].lend { pipeline in
                if passage.isTimed, let watch = proxy.watch {
                    timeFinish(summary, of: pipeline, reached: reached, watch)
                } else {
                    pipeline.filters.finish(summary, for: message, reached: reached)
                }
            }
            place -= 1
            if place >= 0 { reached = proxy.pipelines[passage[place]].lend { $0.filters.count } }
        }
    }
}

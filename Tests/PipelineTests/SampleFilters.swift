// unsafe: reads bytes of raw spans at offsets below their count
import FilterAPI

/// Filters that tests make pipelines of.

/// Notes that it was passed, on both ways.
final class Tracer: FilterPlugin, RequestFilter, ResponseFilter {
    static let name = "tracer"
    static let options = OptionSchema([Option("mark", .token, isRequired: true, "What it writes.")])
    private let mark: String

    init(_ options: FilterOptions) throws(ConfigurationError) { mark = options.word("mark") ?? "" }

    func processRequest(_ request: inout Request) -> RequestDecision {
        request.fields.append("X-Trace", mark)
        return .forward
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) { response.fields.append("X-Trace", mark) }
}

/// Answers requests for one path.
final class Guard: FilterPlugin, RequestFilter, ResponseFilter {
    static let name = "guard"
    static let options = OptionSchema([Option("path", .string, standard: "/secret", "What it answers.")])
    static let reasons = [refused]
    static let refused = ReplyReason(
        "guard.refused", "This path is not for you", fault: .client, happened: "The path is guarded.", advice: "Ask for another.")
    private let path: String
    private let reply = Reply(403, refused, fields: [("X-Guard", "1")], members: [("hint", .list([.string("a\"b"), .integer(7)]))])

    init(_ options: FilterOptions) throws(ConfigurationError) {
        path = options.word("path") ?? ""
        guard path.hasPrefix("/") else { throw ConfigurationError("a path begins with a slash", option: "path") }
    }

    func processRequest(_ request: inout Request) -> RequestDecision { request.path == path ? .respond(reply) : .forward }
    func processResponse(_ response: inout Response, for request: borrowing Request) { response.fields["X-Guard-Saw"] = "response" }
}

/// Counts what is under way: a state slot, and the end of every exchange.
final class Gauge: FilterPlugin {
    static let name = "gauge"
    let total = SharedTotal()

    init(_ options: FilterOptions) throws(ConfigurationError) {}

    func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        LoopGauge(loop.reserveState(UInt8.self), loop.reserveObject(), loop.shared("total") { SharedTotal() })
    }

    final class SharedTotal: @unchecked Sendable {
        var open = 0
        var finished: [String] = []
    }

    final class Note {
        let text: String
        init(_ text: String) { self.text = text }
    }

    final class LoopGauge: RequestFilter, CompletionObserver {
        private let slot: StateSlot<UInt8>
        private let note: ObjectSlot<Note>
        private let total: SharedTotal

        init(_ slot: StateSlot<UInt8>, _ note: ObjectSlot<Note>, _ total: SharedTotal) {
            self.slot = slot
            self.note = note
            self.total = total
        }

        func processRequest(_ request: inout Request) -> RequestDecision {
            precondition(request[slot] == 0, "state of an earlier exchange")
            request[slot] = 1
            request[note] = Note(request.path)
            total.open += 1
            if request.path == "/open" { request.fields["X-Open"] = String(total.open) }
            return .forward
        }

        func exchangeDidFinish(_ summary: ExchangeSummary, for request: borrowing Request) {
            guard request[slot] == 1 else { return }
            total.open -= 1
            total.finished.append(request[note]?.text ?? "")
        }
    }
}

/// Asks before it decides: for `/slow` after a delay, else a question that `/fails` fails.
final class Asker: FilterPlugin, RequestFilter {
    static let name = "asker"
    static let asks = true

    struct Failure: Error {}

    init(_ options: FilterOptions) throws(ConfigurationError) {}

    func processRequest(_ request: inout Request) -> RequestDecision {
        if request.path == "/slow" {
            return .delay(milliseconds: 250) { request in
                request.fields["X-Waited"] = "250"
                return .forward
            }
        }
        let path = request.path
        return .ask {
            await Task.yield()
            if path == "/fails" { throw Failure() }
            return path.count
        } then: { request, count in
            request.fields["X-Count"] = String(count)
            return .forward
        }
    }
}

/// A transform of one kind or another.
final class Changer: FilterPlugin, RequestFilter, ResponseFilter {
    static let name = "changer"
    static let options = OptionSchema([Option("how", .choice(["double", "hold", "stop", "fail", "stall", "greedy"]), isRequired: true, "What it does.")])
    private let how: String

    init(_ options: FilterOptions) throws(ConfigurationError) { how = options.word("how") ?? "" }

    func processRequest(_ request: inout Request) -> RequestDecision {
        request.transformBody(with: make())
        return .forward
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) { response.transformBody(with: make()) }

    private func make() -> any BodyTransform {
        switch how {
        case "double": Doubling()
        case "hold": Holding()
        case "stop": Stopping()
        case "stall": Stalling()
        case "greedy": Greedy()
        default: Failing()
        }
    }
}

/// Writes each byte twice.
final class Doubling: BodyTransform {
    func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep {
        var consumed = 0
        while consumed < input.byteCount, output.freeCapacity >= 2 {
            let byte = unsafe input.unsafeLoad(fromByteOffset: consumed, as: UInt8.self)
            output.append(byte)
            output.append(byte)
            consumed += 1
        }
        if consumed < input.byteCount { return BodyStep(consumed: consumed, .wantsRoom) }
        return BodyStep(consumed: consumed, mark == .end ? .finished : .wantsInput)
    }
}

/// Keeps everything until a flush or the end, as a coder does.
final class Holding: BodyTransform {
    private var held: [UInt8] = []

    func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep {
        for index in 0..<input.byteCount { held.append(unsafe input.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
        guard mark != .more else { return BodyStep(consumed: input.byteCount, .wantsInput) }
        while !held.isEmpty, output.freeCapacity > 0 { output.append(held.removeFirst()) }
        if !held.isEmpty { return BodyStep(consumed: input.byteCount, .wantsRoom) }
        return BodyStep(consumed: input.byteCount, mark == .end ? .finished : .wantsInput)
    }
}

/// Ends the body after three bytes.
final class Stopping: BodyTransform {
    private var left = 3

    func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep {
        var consumed = 0
        while consumed < input.byteCount, left > 0, output.freeCapacity > 0 {
            output.append(unsafe input.unsafeLoad(fromByteOffset: consumed, as: UInt8.self))
            consumed += 1
            left -= 1
        }
        return BodyStep(consumed: consumed, left == 0 || mark == .end ? .finished : .wantsInput)
    }
}

/// Wants more room than there ever is.
final class Greedy: BodyTransform {
    func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep { BodyStep(consumed: 0, .wantsRoom) }
}

/// Takes nothing and gives nothing.
final class Stalling: BodyTransform {
    func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep { BodyStep(consumed: 0, .wantsInput) }
}

final class Failing: BodyTransform {
    func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep { BodyStep(consumed: 0, .failed) }
}

import FilterAPI

/// The transforms of one body, one behind the other, each with a buffer behind it but for the last, which writes into the caller's. Pure: the
/// caller brings input, room and marks, and back-pressure is that it is not called.
public final class BodyStages {
    private final class Stage {
        let transform: any BodyTransform
        /// What this stage wrote and the next has not consumed.
        var output = OutputBuffer()
        /// It has reached the flush that is asked for.
        var flushed = false
        var finished = false

        init(_ transform: any BodyTransform) { self.transform = transform }
    }

    /// What a call brought about.
    public struct Progress: Equatable {
        /// Bytes of the input that are used up.
        public var consumed: Int
        public var state: State
    }

    public enum State: Equatable {
        /// All input is consumed and the mark is reached.
        case wantsInput
        /// There is more to write than there was room.
        case wantsRoom
        /// The body is complete.
        case finished
        case failed
    }

    private let stages: [Stage]
    private let pool: SlabPool
    /// The body is over: no transform is called any more.
    private var isOver = false

    /// Below this much room a stage is not called: coders may need some bytes at once.
    private static let leastRoom = 512

    public init(_ transforms: [any BodyTransform], pool: SlabPool) {
        precondition(!transforms.isEmpty)
        stages = transforms.map(Stage.init)
        self.pool = pool
    }

    /// Passes `input` through. Call it again with what it did not consume.
    ///
    /// - Parameters:
    ///   - mark: what stands behind the last byte of `input`.
    ///   - slab: where the result goes, from `end` on, which moves.
    public func run(_ input: RawSpan, upTo mark: BodyMark, into slab: inout Slab, at end: inout Int) -> Progress {
        guard !isOver else { return Progress(consumed: input.byteCount, state: .finished) }
        if mark == .flush { for index in stages.indices { stages[index].flushed = false } }
        var consumed = 0
        while true {
            var moved = false
            for index in stages.indices {
                switch step(index, input, &consumed, mark, &slab, &end) {
                case .moved: moved = true
                case .stood: break
                case .failed:
                    abandon()
                    return Progress(consumed: consumed, state: .failed)
                }
            }
            if stages[stages.count - 1].finished {
                close(isComplete: true)
                return Progress(consumed: input.byteCount, state: .finished)
            }
            if !moved { break }
        }
        let isDone = consumed == input.byteCount && mark != .end && isDrained && (mark != .flush || stages.allSatisfy(\.flushed))
        return Progress(consumed: consumed, state: isDone ? .wantsInput : .wantsRoom)
    }

    private enum Step {
        case moved, stood, failed
    }

    /// Nothing waits between two stages.
    private var isDrained: Bool { stages.dropLast().allSatisfy { $0.output.isEmpty } }

    private func step(
        _ index: Int, _ input: RawSpan, _ consumed: inout Int, _ mark: BodyMark, _ slab: inout Slab, _ end: inout Int
    ) -> Step {
        guard !stages[index].finished else {
            // It ended the body early: what still comes is thrown away.
            if index == 0 { consumed = input.byteCount } else { stages[index - 1].output.removeAll() }
            return .stood
        }
        let ownMark: BodyMark = index == 0 ? mark : stages[index - 1].finished ? .end : mark == .flush && stages[index - 1].flushed ? .flush : .more
        let waiting = index == 0 ? input.byteCount &- consumed : stages[index - 1].output.count
        guard waiting > 0 || ownMark == .end || (ownMark == .flush && !stages[index].flushed) else { return .stood }
        let isLast = index == stages.count &- 1
        if !isLast { stages[index].output.attach(pool) }
        guard (isLast ? slab.capacity &- end : stages[index].output.room) >= Self.leastRoom else { return .stood }

        let taken = consumed
        let result: (count: Int, result: BodyStep)
        if index == 0 {
            result = write(input.extracting(droppingFirst: taken), stages[index], ownMark, isLast, &slab, &end)
        } else {
            result = stages[index - 1].output.withReadable { write($0, stages[index], ownMark, isLast, &slab, &end) }
        }
        let answer = result.result
        guard answer.consumed >= 0, answer.consumed <= waiting else { return .failed }
        if index == 0 { consumed &+= answer.consumed } else { stages[index - 1].output.consume(answer.consumed) }
        switch answer.next {
        case .failed: return .failed
        case .finished: stages[index].finished = true
        case .wantsInput:
            // A transform that neither takes its input nor ends would be called for ever.
            guard answer.consumed == waiting, ownMark != .end else { return .failed }
            if ownMark == .flush { stages[index].flushed = true }
        case .wantsRoom:
            // One that writes nothing into empty room will never: it would be called for ever.
            guard answer.consumed > 0 || result.count > 0 || (isLast ? end > 0 : !stages[index].output.isEmpty) else { return .failed }
            if answer.consumed == 0 && result.count == 0 { return .stood }
        }
        return .moved
    }

    private func write(
        _ input: RawSpan, _ stage: Stage, _ mark: BodyMark, _ isLast: Bool, _ slab: inout Slab, _ end: inout Int
    ) -> (count: Int, result: BodyStep) {
        if isLast {
            let result = slab.fill(from: end) { output in stage.transform.transform(input, upTo: mark, into: &output) }
            end &+= result.count
            return result
        }
        return stage.output.fill { output in stage.transform.transform(input, upTo: mark, into: &output) }
    }

    /// The body will not be completed: tells the transforms, once.
    public func abandon() {
        guard !isOver else { return }
        for stage in stages where !stage.finished { stage.transform.abandon() }
        close(isComplete: false)
    }

    private func close(isComplete: Bool) {
        isOver = true
        for index in stages.indices {
            // A stage before the one that ended the body early has not come to its end.
            if isComplete && !stages[index].finished { stages[index].transform.abandon() }
            stages[index].output.detach()
        }
    }
}

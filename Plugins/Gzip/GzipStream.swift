import FilterAPI

/// Makes one gzip member (RFC 1952) of a body. It has a coder only while there is something to code, so an idle stream costs a few hundred bytes.
package final class GzipStream: BodyTransform {
    /// Nil while the pool keeps this stream for reuse: they would keep each other for ever.
    private var pool: CoderPool?
    private var coder: Coder?
    /// Something was taken that is not out.
    private var isDirty = false
    /// The deflate data are complete.
    private var isEnded = false
    private var crc: UInt32 = 0
    /// Of the body, modulo 2³².
    private var length: UInt32 = 0
    /// Header, trailer, and what is coded where there is little room: waits to go out.
    private var waiting: [UInt8] = []
    private var waitingFrom = 0

    /// No name, no time, any system: the same body gives the same bytes.
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
    private static let hasComment: UInt8 = 0x10

    init() {}

    deinit { giveCoderBack() }

    func begin(in pool: CoderPool, padding: Int) {
        self.pool = pool
        isDirty = false
        isEnded = false
        crc = 0
        length = 0
        waiting.removeAll(keepingCapacity: true)
        waitingFrom = 0
        waiting.append(contentsOf: Self.header)
        if padding > 0 {
            waiting[3] = Self.hasComment
            for _ in 1..<padding { waiting.append(UInt8(ascii: "-")) }
            waiting.append(0)
        }
    }

    /// Another stream needs its coder, which rests.
    func loseCoder() { coder = nil }

    package func abandon() {
        giveCoderBack()
        retire()
    }

    private func retire() {
        pool?.recycle(self)
        pool = nil
    }

    private func giveCoderBack() {
        if let coder { pool?.giveBack(coder) }
        coder = nil
    }

    package func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep {
        var consumed = 0
        let target: Coder.Mark = mark == .end ? .end : mark == .flush ? .flush : .more
        while true {
            guard sendWaiting(&output) else { return BodyStep(consumed: consumed, .wantsRoom) }
            if isEnded {
                retire()
                return BodyStep(consumed: consumed, .finished)
            }
            let left = input.byteCount - consumed
            if left == 0 && (target == .more || target == .flush && !isDirty) { return BodyStep(consumed: consumed, .wantsInput) }
            if left == 0 && !isDirty {
                // An empty block of the fixed code, which is the last.
                waiting.append(0x03)
                waiting.append(0x00)
                end()
                continue
            }
            guard output.freeCapacity > 0 else { return BodyStep(consumed: consumed, .wantsRoom) }
            guard let coder = readyCoder() else {
                consumed += store(input.extracting(droppingFirst: consumed), &output)
                continue
            }
            let rest = input.extracting(droppingFirst: consumed)
            let (taken, outcome) = code(rest, target, coder, &output)
            consumed += taken
            switch outcome {
            case .failed: return BodyStep(consumed: consumed, .failed)
            case .wantsRoom: continue
            case .done:
                if target == .flush {
                    isDirty = false
                    pool?.rest(coder)
                } else if target == .end {
                    end()
                }
            }
        }
    }

    /// The stream's coder, or one for what comes now; nil if all are busy.
    private func readyCoder() -> Coder? {
        if let coder { pool?.wake(coder) } else { coder = pool?.take(for: self) }
        return coder
    }

    private func code(
        _ input: RawSpan, _ target: Coder.Mark, _ coder: Coder, _ output: inout OutputRawSpan
    ) -> (taken: Int, outcome: Coder.Outcome) {
        let taken: Int
        let outcome: Coder.Outcome
        if output.freeCapacity >= Coder.leastRoom {
            (taken, outcome) = coder.code(input, upTo: target, into: &output)
        } else {
            waiting.append(contentsOf: repeatElement(0, count: Coder.leastRoom))
            let written: Int
            (taken, written, outcome) = coder.code(input, upTo: target, into: &waiting)
            waiting.removeLast(waiting.count - written)
        }
        note(input, taken)
        if taken > 0 { isDirty = true }
        return (taken, outcome)
    }

    /// Writes a stored block (RFC 1951 §3.2.4) of what there is room for. Returns how many bytes it took.
    private func store(_ input: RawSpan, _ output: inout OutputRawSpan) -> Int {
        let count = min(input.byteCount, 0xFFFF, max(1, output.freeCapacity - 5))
        let low = UInt8(count & 0xFF)
        let high = UInt8(count >> 8)
        note(input, count)
        if output.freeCapacity >= count + 5 {
            output.append(0)
            output.append(low)
            output.append(high)
            output.append(~low)
            output.append(~high)
            input.append(count, to: &output)
        } else {
            waiting.append(contentsOf: [0, low, high, ~low, ~high, input.byte(at: 0)])
        }
        return count
    }

    private func note(_ input: RawSpan, _ count: Int) {
        crc = input.crc32(count, from: crc)
        length &+= UInt32(truncatingIfNeeded: count)
    }

    private func end() {
        isEnded = true
        isDirty = false
        giveCoderBack()
        appendWord(crc)
        appendWord(length)
    }

    private func appendWord(_ word: UInt32) {
        var rest = word
        for _ in 0..<4 {
            waiting.append(UInt8(truncatingIfNeeded: rest))
            rest &>>= 8
        }
    }

    /// False: there is more than room.
    private func sendWaiting(_ output: inout OutputRawSpan) -> Bool {
        while waitingFrom < waiting.count, output.freeCapacity > 0 {
            output.append(waiting[waitingFrom])
            waitingFrom += 1
        }
        guard waitingFrom == waiting.count else { return false }
        waiting.removeAll(keepingCapacity: true)
        waitingFrom = 0
        return true
    }
}

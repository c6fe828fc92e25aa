import FilterAPI

/// Decodes the gzip members of a body. What is no gzip data, or ends in the middle, or grows beyond the bound, breaks the exchange off.
final class GunzipStream: BodyTransform {
    private enum Place {
        case beforeAll
        case inMember
        /// Behind a member: another may follow.
        case betweenMembers
        /// Behind the first byte of what may be another.
        case inMagic
    }

    private let pool: DecoderPool
    private let maxRatio: Int?
    private var decoder: Decoder?
    private var place = Place.beforeAll
    private var taken = 0
    private var written = 0

    private static let magic: (first: UInt8, second: UInt8) = (0x1F, 0x8B)
    /// Up to here a body may be as much longer as it likes.
    private static let freeBytes = 1 << 20

    /// - Parameter maxRatio: how many bytes may come of one, on the average; nil for any.
    init(_ pool: DecoderPool, maxRatio: Int?) {
        self.pool = pool
        self.maxRatio = maxRatio
    }

    deinit { giveDecoderBack() }

    func abandon() { giveDecoderBack() }

    private func giveDecoderBack() {
        if let decoder { pool.giveBack(decoder) }
        decoder = nil
    }

    func transform(_ input: RawSpan, upTo mark: BodyMark, into output: inout OutputRawSpan) -> BodyStep {
        var consumed = 0
        while true {
            let left = input.byteCount - consumed
            switch place {
            case .beforeAll, .betweenMembers:
                guard left > 0 else { return mark == .end ? finish(consumed) : BodyStep(consumed: consumed, .wantsInput) }
                if place == .betweenMembers {
                    // Zeros that fill a block, and whatever else stands behind the data, is not theirs.
                    guard input.byte(at: consumed) == Self.magic.first else { return finish(consumed) }
                    consumed += 1
                    place = .inMagic
                } else {
                    place = .inMember
                }
            case .inMagic:
                guard left > 0 else { return mark == .end ? finish(consumed) : BodyStep(consumed: consumed, .wantsInput) }
                guard input.byte(at: consumed) == Self.magic.second else { return finish(consumed) }
                guard let decoder = ready() else { return BodyStep(consumed: consumed, .failed) }
                decoder.resetBehind(Self.magic.first)
                place = .inMember
            case .inMember:
                guard output.freeCapacity > 0 else { return BodyStep(consumed: consumed, .wantsRoom) }
                guard let decoder = ready() else { return BodyStep(consumed: consumed, .failed) }
                let step = decoder.decode(input.extracting(droppingFirst: consumed), into: &output)
                consumed += step.taken
                taken += step.taken
                written += step.written
                if let maxRatio, written > Self.freeBytes, written / maxRatio > taken { return BodyStep(consumed: consumed, .failed) }
                switch step.outcome {
                case .failed: return BodyStep(consumed: consumed, .failed)
                case .wantsRoom: return BodyStep(consumed: consumed, .wantsRoom)
                case .atEnd: place = .betweenMembers
                case .done: return BodyStep(consumed: consumed, mark == .end ? .failed : .wantsInput)
                }
            }
        }
    }

    private func ready() -> Decoder? {
        if decoder == nil { decoder = pool.take() }
        return decoder
    }

    private func finish(_ consumed: Int) -> BodyStep {
        giveDecoderBack()
        return BodyStep(consumed: consumed, .finished)
    }
}

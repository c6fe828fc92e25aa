// unsafe: an array's bytes as a raw span
import FilterAPI
import Pipeline

/// Drives the transforms of one body as the gateway does: input as it comes, output as there is room.
struct BodyRun {
    private let stages: BodyStages

    init(_ transforms: [any BodyTransform], pool: SlabPool) { stages = BodyStages(transforms, pool: pool) }

    /// The outputs between two flushes; nil if a transform failed.
    func run(_ pieces: [TestPiece], room: Int) -> [[UInt8]]? {
        var outputs: [[UInt8]] = [[]]
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            switch piece {
            case .bytes(let bytes):
                guard let output = pass(bytes, isLast ? .end : .more, room) else { return nil }
                outputs[outputs.count - 1] += output
            case .flush:
                guard let output = pass([], .flush, room) else { return nil }
                outputs[outputs.count - 1] += output
                outputs.append([])
                if isLast {
                    guard let end = pass([], .end, room) else { return nil }
                    outputs[outputs.count - 1] += end
                }
            }
        }
        if pieces.isEmpty {
            guard let end = pass([], .end, room) else { return nil }
            outputs[0] += end
        }
        return outputs
    }

    private func pass(_ input: [UInt8], _ mark: BodyMark, _ room: Int) -> [UInt8]? {
        var output: [UInt8] = []
        var rest = input[...]
        while true {
            var slab = Slab(byteCount: Swift.max(room, 512))
            var end = 0
            let piece = Array(rest)
            let progress = stages.run(unsafe piece.span.bytes, upTo: mark, into: &slab, at: &end)
            for index in 0..<end { output.append(slab.bytes[index]) }
            rest = rest.dropFirst(progress.consumed)
            switch progress.state {
            case .failed: return nil
            case .finished: return output
            case .wantsInput: return output
            case .wantsRoom:
                precondition(end > 0 || progress.consumed > 0, "a transform that neither takes nor gives with \(room) bytes of room")
            }
        }
    }
}

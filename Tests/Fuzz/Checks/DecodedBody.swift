import Buffers
import HTTP1

/// What the chunked decoder made of some bytes.
package struct DecodedBody: Equatable {
    package var payload: [UInt8] = []
    package var consumed = 0
    package var state = ChunkedStep.State.more

    package init() {}
}

/// Decodes `bytes` in the pieces that `cuts` makes, each in place at an odd offset of a buffer of its own.
package func decodeChunked(_ bytes: [UInt8], cuts: Cuts) -> DecodedBody {
    var decoder = ChunkedDecoder()
    var body = DecodedBody()
    var fed = 0
    for count in cuts.counts(bytes.count) where body.state == .more {
        let piece = bytes[fed..<count]
        var buffer = [UInt8](repeating: 0xEE, count: 5) + piece + [UInt8](repeating: 0xEE, count: 3)
        var span = buffer.mutableSpan
        let step = decoder.decode(&span, from: 5, to: 5 + piece.count)
        body.payload += buffer[5..<step.payloadEnd]
        body.consumed += step.consumed - 5
        body.state = step.state
        check(step.state != .more || step.consumed == 5 + piece.count, "bytes left over although the body goes on")
        check(buffer.prefix(5).allSatisfy { $0 == 0xEE } && buffer.suffix(3).allSatisfy { $0 == 0xEE }, "wrote outside its bytes")
        fed = count
    }
    return body
}

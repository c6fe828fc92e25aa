// unsafe: a C decoder, owned by one object; it is lent bytes for the time of a call
import CZlib
import FilterAPI

/// zlib's decoder of one gzip member after the other (RFC 1952), checksums included. It holds about 40 KiB.
@safe
final class Decoder {
    enum Outcome {
        /// All input is taken, and all that it gives is out.
        case done
        case wantsRoom
        /// Behind the last byte of a member.
        case atEnd
        /// The bytes are no gzip data, or their checksum is wrong.
        case failed
    }

    private let state: OpaquePointer

    /// Nil if there is no memory.
    init?() {
        guard let made = unsafe sluice_inflate_make() else { return nil }
        unsafe state = made
    }

    deinit { unsafe sluice_inflate_free(state) }

    /// Makes it ready for a member.
    func reset() { unsafe sluice_inflate_reset(state) }

    /// Makes it ready for a member whose first byte was taken already.
    func resetBehind(_ first: UInt8) {
        reset()
        var first = first
        var taken = 1
        var nothing: UInt8 = 0
        var written = 1
        _ = unsafe sluice_inflate_decode(state, &first, &taken, &nothing, &written)
    }

    /// Decodes input into the free bytes of `output`.
    ///
    /// - Returns: bytes taken from the front of the input, bytes written, and what comes next.
    func decode(_ input: RawSpan, into output: inout OutputRawSpan) -> (taken: Int, written: Int, outcome: Outcome) {
        unsafe output.withUnsafeMutableBytes { buffer, filled in
            unsafe input.withUnsafeBytes { bytes in
                // An output without room is never handed to a transform.
                let to = unsafe buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
                var taken = bytes.count
                var written = buffer.count - filled
                let result = unsafe sluice_inflate_decode(
                    state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), &taken, to.advanced(by: filled), &written)
                filled += written
                let outcome: Outcome = result == 0 ? .done : result == 1 ? .wantsRoom : result == 2 ? .atEnd : .failed
                return (taken, written, outcome)
            }
        }
    }
}

/// The decoders of one loop that nobody uses now.
final class DecoderPool {
    private var free: [Decoder] = []
    private static let mostFree = 16

    /// Nil if there is no memory.
    func take() -> Decoder? {
        guard let decoder = free.popLast() else { return Decoder() }
        decoder.reset()
        return decoder
    }

    func giveBack(_ decoder: Decoder) {
        if free.count < Self.mostFree { free.append(decoder) }
    }
}

extension RawSpan {
    func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}

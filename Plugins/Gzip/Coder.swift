// unsafe: C coders, each owned by one object; they are lent bytes for the time of a call
import CISAL
import CZlib
import FilterAPI

/// A coder of raw deflate data (RFC 1951): ISA-L's up to level 3, zlib's above. It holds its window, hash tables and block, 160 to 270 KiB.
@safe
package final class Coder {
    enum Mark: Int32 {
        case more, flush, end
    }

    enum Outcome {
        /// All input is taken, and the mark is reached.
        case done
        case wantsRoom, failed
    }

    private let state: OpaquePointer
    private let isZlib: Bool

    // Its place among those that rest; the pool's.
    unowned var owner: GzipStream?
    var older: Coder?
    unowned var newer: Coder?
    var isResting = false

    /// Room that it wants at least.
    static let leastRoom = 64

    private static func usesZlib(_ level: Int) -> Bool { level > 3 }

    /// Bytes that one takes.
    static func byteCount(level: Int) -> Int { usesZlib(level) ? sluice_deflate_size() : sluice_isal_size(Int32(level)) }

    /// Nil if there is no memory.
    init?(level: Int) {
        isZlib = Self.usesZlib(level)
        guard let made = unsafe isZlib ? sluice_deflate_make(Int32(level)) : sluice_isal_make(Int32(level)) else { return nil }
        unsafe state = made
    }

    deinit { if isZlib { unsafe sluice_deflate_free(state) } else { unsafe sluice_isal_free(state) } }

    /// Makes it as new: what it writes next refers to nothing before.
    func reset() { if isZlib { unsafe sluice_deflate_reset(state) } else { unsafe sluice_isal_reset(state) } }

    /// Codes input into the free bytes of `output`, at least `leastRoom` of them.
    ///
    /// - Returns: bytes taken from the front of the input, and what comes next.
    func code(_ input: RawSpan, upTo mark: Mark, into output: inout OutputRawSpan) -> (taken: Int, outcome: Outcome) {
        unsafe output.withUnsafeMutableBytes { buffer, written in
            let result = unsafe code(input, upTo: mark, into: UnsafeMutableRawBufferPointer(rebasing: buffer[written...]))
            written += result.written
            return (result.taken, result.outcome)
        }
    }

    /// The same into the front of an array.
    func code(_ input: RawSpan, upTo mark: Mark, into output: inout [UInt8]) -> (taken: Int, written: Int, outcome: Outcome) {
        unsafe output.withUnsafeMutableBytes { unsafe code(input, upTo: mark, into: $0) }
    }

    private func code(
        _ input: RawSpan, upTo mark: Mark, into buffer: UnsafeMutableRawBufferPointer
    ) -> (taken: Int, written: Int, outcome: Outcome) {
        precondition(buffer.count >= Self.leastRoom)
        return unsafe input.withUnsafeBytes { bytes in
            let from = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            // It is not empty.
            let to = unsafe buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
            var taken = bytes.count
            var written = buffer.count
            let result = unsafe isZlib
                ? sluice_deflate_code(state, from, &taken, to, &written, mark.rawValue)
                : sluice_isal_deflate(state, from, &taken, to, &written, mark.rawValue)
            return (taken, written, result == 0 ? .done : result == 1 ? .wantsRoom : .failed)
        }
    }
}

extension RawSpan {
    /// The CRC-32 of gzip (RFC 1952 §8) of the first `count` bytes, continued from `crc`.
    func crc32(_ count: Int, from crc: UInt32) -> UInt32 {
        unsafe extracting(first: count).withUnsafeBytes { unsafe sluice_crc32(crc, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count) }
    }

    /// Appends the first `count` bytes to `output`, which has room for them.
    func append(_ count: Int, to output: inout OutputRawSpan) {
        precondition(count <= byteCount && count <= output.freeCapacity)
        unsafe output.withUnsafeMutableBytes { buffer, written in
            unsafe withUnsafeBytes { unsafe buffer.baseAddress?.advanced(by: written).copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: count) }
            written += count
        }
    }

    func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}

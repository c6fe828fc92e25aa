// unsafe: bytes of arrays and slabs, lent to coders for the time of a call
import Buffers
import CISAL
import CZlib
import FilterAPI
import Gzip

/// What the coders take for 100 kB of JSON, by level: as the filter gets a body, in pieces of 16 KiB into a slab of 16 KiB, against the library
/// called directly on the whole. The aim: at most 10 % more than ISA-L, and no more bytes than zlib's level 1.
func measureCompression() {
    let body = json(100_000)
    for level in 1...9 {
        let pool = CoderPool(level: level, memory: 1 << 20)
        var slab = Slab(byteCount: 16 * 1024)
        var size = 0
        measureBody("gzip filter, level \(level)") {
            size = 0
            let stream = pool.makeStream()
            var start = 0
            while start < body.count {
                let end = min(start + 16 * 1024, body.count)
                size += pass(stream, body.span.extracting(start..<end), end == body.count ? .end : .more, &slab)
                start = end
            }
            return size
        }
        var output = [UInt8](repeating: 0, count: 200_000)
        if level <= 3 {
            guard let coder = unsafe sluice_isal_make(Int32(level)) else { return }
            measureBody("ISA-L itself, level \(level)") {
                unsafe sluice_isal_reset(coder)
                return unsafe whole(body, &output) { unsafe sluice_isal_deflate(coder, $0, $1, $2, $3, 2) }
            }
            unsafe sluice_isal_free(coder)
        }
        if level == 1 || level > 3 {
            guard let coder = unsafe sluice_deflate_make(Int32(level)) else { return }
            measureBody("zlib itself, level \(level)") {
                unsafe sluice_deflate_reset(coder)
                return unsafe whole(body, &output) { unsafe sluice_deflate_code(coder, $0, $1, $2, $3, 2) }
            }
            unsafe sluice_deflate_free(coder)
        }
    }
}

/// Passes bytes through a stream; returns how many came out.
private func pass(_ stream: GzipStream, _ bytes: Span<UInt8>, _ mark: BodyMark, _ slab: inout Slab) -> Int {
    var written = 0
    var taken = 0
    while true {
        let (count, step) = slab.fill(from: 0) { stream.transform(unsafe bytes.extracting(droppingFirst: taken).bytes, upTo: mark, into: &$0) }
        written += count
        taken += step.consumed
        if step.next != .wantsRoom { return written }
    }
}

/// Codes all of it in one call; the CRC-32 and the 18 bytes of the wrapper are what the filter has too.
@unsafe private func whole(
    _ body: [UInt8], _ output: inout [UInt8],
    _ code: (UnsafePointer<UInt8>, UnsafeMutablePointer<Int>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int>) -> Int32
) -> Int {
    unsafe body.withUnsafeBufferPointer { input in
        unsafe output.withUnsafeMutableBufferPointer { room in
            var taken = input.count
            var written = room.count
            let crc = unsafe sluice_crc32(0, input.baseAddress, input.count)
            let result = unsafe code(input.baseAddress!, &taken, room.baseAddress!, &written)
            precondition(result == 0 && crc != 0)
            return written + 18
        }
    }
}

/// As `measure`, with few calls of much work each, and the size beside the time.
private func measureBody(_ name: String, _ body: () -> Int) {
    let size = body()
    measure("\(name), \(size) bytes", count: 100, rounds: 7) { count in
        var sum = 0
        for _ in 0..<count { sum &+= body() }
        return sum
    }
}

/// A list as an API for images answers it: identifiers and sums that nobody can guess, among names and words that repeat.
private func json(_ count: Int) -> [UInt8] {
    var seed: UInt64 = 7
    func next(_ bound: Int) -> Int {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(truncatingIfNeeded: seed >> 33) % bound
    }
    func digits(_ count: Int) -> String { String((0..<count).map { _ in Array("0123456789abcdef")[next(16)] }) }
    let words = ["image", "volume", "server", "queued", "public", "shared", "private", "qcow2", "debian", "kernel", "network", "release", "snapshot"]
    var text = "{\"images\":["
    while text.utf8.count < count {
        text += "{\"id\":\"\(digits(8))-\(digits(4))-\(digits(4))-\(digits(12))\",\"name\":\"\(words[next(13)]) \(words[next(13)])\""
        text += ",\"status\":\"\(next(3) == 0 ? "active" : "queued")\",\"size\":\(next(1 << 30)),\"min_disk\":\(next(40)),\"checksum\":\"\(digits(32))\""
        text += ",\"created_at\":\"2026-\(10 + next(3))-\(10 + next(18))T\(10 + next(14)):\(10 + next(50)):00Z\",\"protected\":\(next(5) == 0)"
        text += ",\"description\":\"\((0..<(3 + next(9))).map { _ in words[next(13)] }.joined(separator: " "))\"},"
    }
    return Array(text.utf8.prefix(count))
}

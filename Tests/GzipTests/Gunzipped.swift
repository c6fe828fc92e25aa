import CZlib
import FilterTesting

/// What zlib makes of gzip bytes so far.
struct Gunzipped {
    private(set) var body: [UInt8] = []
    /// The member is complete, and nothing stands behind it.
    private(set) var isComplete = false

    /// Nil if it is no gzip data.
    init?(_ bytes: [UInt8]) {
        guard let decoder = unsafe sluice_inflate_make() else { return nil }
        defer { unsafe sluice_inflate_free(decoder) }
        var rest = bytes[...]
        var room = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            var taken = rest.count
            var written = room.count
            let result = unsafe Array(rest).withUnsafeBufferPointer { input in
                unsafe room.withUnsafeMutableBufferPointer { output in
                    unsafe sluice_inflate_decode(decoder, input.baseAddress, &taken, output.baseAddress!, &written)
                }
            }
            rest = rest.dropFirst(taken)
            body += room[..<written]
            switch result {
            case 0: return
            case 1: continue
            case 2:
                isComplete = rest.isEmpty
                return
            default: return nil
            }
        }
    }
}

extension TestResponse {
    /// The body behind its coding; nil if it is not coded, or not as a whole.
    var decoded: [UInt8]? {
        guard field("content-encoding") == "gzip", let decoded = Gunzipped(body), decoded.isComplete else { return nil }
        return decoded.body
    }
}

/// Bodies to code.
enum Sample {
    /// JSON as APIs answer, at least `count` bytes of it.
    static func json(_ count: Int) -> [UInt8] {
        var text = "{\"images\":["
        var seed: UInt64 = 7
        while text.utf8.count < count {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text += "{\"id\":\"\(String(seed, radix: 16))\",\"status\":\"\(seed % 3 == 0 ? "active" : "queued")\",\"size\":\(seed % 100_000)},"
        }
        return Array(text.utf8)
    }

    /// Bytes that no coder makes smaller.
    static func noise(_ count: Int) -> [UInt8] {
        var seed: UInt64 = 99
        return (0..<count).map { _ in
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: seed >> 33)
        }
    }
}

import CZlib

/// Decodes gzip bytes as they come, as a client does.
@safe final class GzipReader {
    private let decoder: OpaquePointer
    private(set) var body: [UInt8] = []
    /// The member is complete.
    private(set) var isComplete = false

    init() throws {
        guard let made = unsafe sluice_inflate_make() else { throw ScenarioFailure("no memory for a decoder") }
        unsafe decoder = made
    }

    deinit { unsafe sluice_inflate_free(decoder) }

    func take(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        var room = [UInt8](repeating: 0, count: 64 * 1024)
        while !rest.isEmpty {
            guard !isComplete else { throw ScenarioFailure("bytes behind the gzip data") }
            var taken = rest.count
            var written = room.count
            let result = unsafe Array(rest).withUnsafeBufferPointer { input in
                unsafe room.withUnsafeMutableBufferPointer { output in
                    unsafe sluice_inflate_decode(decoder, input.baseAddress, &taken, output.baseAddress!, &written)
                }
            }
            guard result >= 0 else { throw ScenarioFailure("no gzip data: \(shown(Array(rest.prefix(40))))") }
            rest = rest.dropFirst(taken)
            body += room[..<written]
            if result == 2 { isComplete = true }
        }
    }

    /// The whole of a coded body.
    static func decode(_ bytes: [UInt8]) throws -> String {
        let reader = try GzipReader()
        try reader.take(bytes)
        guard reader.isComplete else { throw ScenarioFailure("gzip data without an end") }
        return text(reader.body)
    }
}

import CHpack

/// Reads the field blocks of one direction of a connection (RFC 7541): nghttp2's decoder, which is not the code under test.
@safe public final class FieldReader {
    public struct Malformed: Error {}

    private var inflater: OpaquePointer?

    public init() {
        let result = unsafe nghttp2_hd_inflate_new(&inflater)
        precondition(result == 0, "no memory for a decoder")
    }

    deinit { unsafe nghttp2_hd_inflate_del(inflater) }

    /// The fields of one whole block, in order.
    public func fields(_ block: [UInt8]) throws(Malformed) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        var at = 0
        while true {
            var field = unsafe nghttp2_nv()
            var flags: Int32 = 0
            let used = unsafe block.withUnsafeBufferPointer {
                unsafe nghttp2_hd_inflate_hd2(inflater, &field, &flags, $0.baseAddress.map { unsafe $0 + at }, block.count - at, 1)
            }
            guard used >= 0 else { throw Malformed() }
            at += used
            if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                fields.append(unsafe (Self.text(field.name, field.namelen), Self.text(field.value, field.valuelen)))
            }
            if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 {
                unsafe nghttp2_hd_inflate_end_headers(inflater)
                return fields
            }
            if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) == 0 && at == block.count { throw Malformed() }
        }
    }

    private static func text(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
        unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}

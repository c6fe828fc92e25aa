import COpenSSL

/// What one loop's TLS connections use one after the other, each only while it is called: a place for plain bytes that are to share a
/// record, and one for the records of one call, so that they go out in one piece and an idle connection holds neither.
@safe
public final class TLSWorkspace {
    /// The most plain bytes of one record (RFC 8446 §5.1).
    static let recordSize = 16_384
    /// Plain bytes that are enciphered before they are handed to the kernel.
    static let batchSize = 4 * recordSize
    /// Bytes that enciphering adds to a record at most, header included: more than any cipher that is spoken adds.
    static let recordOverhead = 64

    let plain: UnsafeMutableRawPointer
    let records: UnsafeMutableRawPointer
    let recordsCapacity = TLSWorkspace.batchSize + 5 * TLSWorkspace.recordOverhead
    /// Bytes of `records` that wait: only within a call of one connection.
    var recordCount = 0

    public init() {
        unsafe plain = .allocate(byteCount: Self.recordSize, alignment: 64)
        unsafe records = .allocate(byteCount: recordsCapacity, alignment: 64)
    }

    deinit {
        unsafe plain.deallocate()
        unsafe records.deallocate()
    }
}

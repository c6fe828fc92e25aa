/// Bounds of one message head. A head that passes one is refused with its reason code.
public struct HeadLimits: Sendable {
    /// Bytes of the whole head, from the first byte of the start line to the end of the blank line.
    public var headBytes: Int
    /// Bytes of the request target.
    public var targetBytes: Int
    /// Field lines.
    public var fieldCount: Int

    public init(headBytes: Int = 16 * 1024, targetBytes: Int = 8 * 1024, fieldCount: Int = 100) {
        self.headBytes = headBytes
        self.targetBytes = targetBytes
        self.fieldCount = fieldCount
    }
}

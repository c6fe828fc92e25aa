extension Slab {
    /// Copies `bytes` to `offset`. False, and nothing is written, if they do not fit.
    @inlinable
    public mutating func write(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        let count = bytes.count
        guard offset >= 0, offset <= capacity, count <= capacity &- offset else { return false }
        unsafe bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { unsafe (self.base + offset).copyMemory(from: base, byteCount: count) }
        }
        return true
    }

    /// Copies a field line to `offset`: `name` with its colon and space, `value`, and CRLF. False, and nothing is written, if it does not fit.
    @inlinable
    public mutating func writeLine(_ name: Span<UInt8>, _ value: Span<UInt8>, at offset: Int) -> Bool {
        let nameCount = name.count
        let valueCount = value.count
        guard offset >= 0, offset <= capacity, nameCount &+ valueCount &+ 2 <= capacity &- offset else { return false }
        let place = unsafe base + offset
        unsafe name.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe place.copyMemory(from: start, byteCount: nameCount) }
        }
        unsafe value.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe (place + nameCount).copyMemory(from: start, byteCount: valueCount) }
        }
        unsafe place.storeBytes(of: UInt16(0x0A0D).littleEndian, toByteOffset: nameCount &+ valueCount, as: UInt16.self)
        return true
    }

    /// Copies a literal to `offset`. False, and nothing is written, if it does not fit.
    @inlinable
    public mutating func write(_ text: StaticString, at offset: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard offset >= 0, offset <= capacity, count <= capacity &- offset else { return false }
        unsafe (base + offset).copyMemory(from: text.utf8Start, byteCount: count)
        return true
    }

    /// Copies bytes `range` of this slab to `offset`. The two may overlap. False, and nothing is written, if they do not fit.
    @inlinable
    public mutating func move(_ range: ByteRange, to offset: Int) -> Bool {
        guard offset >= 0, offset <= capacity, Int(range.count) <= capacity &- offset, range.upper <= capacity else { return false }
        unsafe (base + offset).copyMemory(from: base + range.lower, byteCount: Int(range.count))
        return true
    }
}

extension Slab {
    /// Lets `write` fill the bytes from `offset` on.
    ///
    /// - Returns: how many it wrote, and what it returned. Traps if `offset` is not inside.
    public mutating func fill<Result>(from offset: Int, _ write: (inout OutputRawSpan) -> Result) -> (count: Int, result: Result) {
        precondition(offset >= 0 && offset <= capacity)
        let room = unsafe UnsafeMutableRawBufferPointer(start: unsafe base + offset, count: capacity &- offset)
        var output = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
        let result = write(&output)
        let count = unsafe output.finalize(for: room)
        return (count, result)
    }
}

extension OutputBuffer {
    /// Lets `write` fill the free bytes.
    public mutating func fill<Result>(_ write: (inout OutputRawSpan) -> Result) -> (count: Int, result: Result) {
        let filled = slab.fill(from: endOffset, write)
        endOffset &+= filled.count
        return filled
    }

    /// Calls `body` with the waiting bytes: for buffers that are stored in objects.
    public borrowing func withReadable<Result>(_ body: (RawSpan) -> Result) -> Result { body(unsafe readable.bytes) }
}

extension MutableSpan where Element == UInt8 {
    /// Copies `count` bytes from offset `source` to offset `target`; the two may overlap. Nothing moves if they are the same.
    /// Traps if either is not inside.
    @inlinable
    public mutating func move(_ count: Int, from source: Int, to target: Int) {
        guard source != target, count != 0 else { return }
        precondition(count > 0 && source >= 0 && target >= 0 && source <= self.count &- count && target <= self.count &- count)
        // Both runs were checked above; moving bytes needs no initialization.
        unsafe withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe (base + target).copyMemory(from: base + source, byteCount: count)
        }
    }
}

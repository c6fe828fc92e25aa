// unsafe: a fixed table of records in a slab; a subscript checks its index
import Buffers

/// The field lines of one message in the order they came, in a fixed block of memory: it never grows, so a message with more
/// fields than fit is refused (431) and no request allocates. Look-up by token is linear over 16-byte records.
@safe
public struct FieldTable: ~Copyable {
    @usableFromInline let slab: Slab
    @usableFromInline let records: UnsafeMutablePointer<Field>
    @usableFromInline var used = 0
    /// Fields that fit.
    public let capacity: Int
    /// Bit n is set when a field with token n is (or was) present: absent fields cost one test.
    @usableFromInline var present: UInt64 = 0
    @usableFromInline var presentHigh: UInt64 = 0
    /// Of the message, too, whose fields these are.
    @usableFromInline let pin = Pin()

    /// Takes a slab for the records: 16 bytes a field.
    @inlinable
    public init(_ slab: consuming Slab) {
        capacity = slab.capacity / MemoryLayout<Field>.stride
        unsafe records = slab.baseAddress.bindMemory(to: Field.self, capacity: capacity)
        self.slab = slab
    }

    @inlinable public var count: Int { used }

    @inlinable
    public mutating func removeAll() {
        used = 0
        present = 0
        presentHigh = 0
    }

    /// Adds a field at the end. False when the table is full.
    @inlinable @inline(__always)
    public mutating func append(_ field: Field) -> Bool {
        guard used < capacity else { return false }
        unsafe (records + used).initialize(to: field)
        used &+= 1
        note(field.token)
        return true
    }

    @inlinable @inline(__always)
    mutating func note(_ token: FieldToken) {
        let bit = UInt64(token.rawValue)
        if bit < 64 { present |= 1 &<< bit } else { presentHigh |= 1 &<< (bit &- 64) }
    }

    @inlinable
    public subscript(index: Int) -> Field {
        get {
            precondition(index >= 0 && index < used)
            return unsafe records[index]
        }
        set {
            precondition(index >= 0 && index < used)
            unsafe records[index] = newValue
        }
    }

    /// False means: no field with this token. True: there is one, or was one before it was removed.
    @inlinable
    public func mayContain(_ token: FieldToken) -> Bool {
        let bit = UInt64(token.rawValue)
        return (bit < 64 ? present &>> bit : presentHigh &>> (bit &- 64)) & 1 != 0
    }

    /// The index of the first field with this token that is still there, from `start` on. O(n) if the token is present.
    @inlinable
    public func firstIndex(of token: FieldToken, from start: Int = 0) -> Int? {
        guard mayContain(token) else { return nil }
        var index = start
        while index < used {
            let field = unsafe records[index]
            if field.token == token && !field.marks.contains(.removed) { return index }
            index &+= 1
        }
        return nil
    }
}

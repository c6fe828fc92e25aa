import Buffers

/// One field line of a message: ranges into the slab that holds its head. 16 bytes.
public struct Field: Sendable {
    public var nameStart: UInt32
    public var valueStart: UInt32
    /// Bytes of the value, without the white space around it (RFC 9110 §5.5).
    public var valueCount: UInt32
    public var nameCount: UInt16
    public var token: FieldToken
    public var marks: FieldMarks

    @inlinable
    public init(token: FieldToken, name: ByteRange, value: ByteRange, marks: FieldMarks = []) {
        nameStart = name.start
        nameCount = UInt16(truncatingIfNeeded: name.count)
        valueStart = value.start
        valueCount = value.count
        self.token = token
        self.marks = marks
    }

    @inlinable public var name: ByteRange { ByteRange(start: Int(nameStart), count: Int(nameCount)) }
    @inlinable public var value: ByteRange { ByteRange(start: Int(valueStart), count: Int(valueCount)) }
}

public struct FieldMarks: OptionSet, Sendable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The line stands in the slab exactly as it would be written (`Name: value` CRLF, one space), so runs of such lines are
    /// copied as one block.
    @inlinable public static var canonical: FieldMarks { FieldMarks(rawValue: 1) }
    /// Named by a `Connection` field: hop-by-hop (RFC 9110 §7.6.1), not passed on.
    @inlinable public static var connectionOption: FieldMarks { FieldMarks(rawValue: 2) }
    /// Taken out by the gateway or a filter.
    @inlinable public static var removed: FieldMarks { FieldMarks(rawValue: 4) }
    /// Written by a filter: passed on even where a line of the sender's with this name would not be. Framing and connection fields never
    /// are.
    @inlinable public static var added: FieldMarks { FieldMarks(rawValue: 8) }
}

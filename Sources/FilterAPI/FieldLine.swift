/// A field line that is the same for many messages: made when the filter is made, it is added to a message in one copy
/// (`Fields.append(_:)`).
///
/// An object, so that whoever reads one from a list counts one reference.
public final class FieldLine: Sendable, CustomStringConvertible {
    public let name: FieldName
    /// The whole line as it is sent.
    let bytes: [UInt8]
    let nameCount: Int

    /// Control bytes in the value become spaces, and white space around it is left out (RFC 9110 §5.5).
    public convenience init(_ name: FieldName, _ value: some StringProtocol) { self.init(name, bytes: Array(value.utf8)) }

    /// The same from bytes.
    public init(_ name: FieldName, bytes value: [UInt8]) {
        self.name = name
        var value = value.map { $0.isFieldControl ? 0x20 : $0 }[...]
        while let first = value.first, first.isFieldSpace { value.removeFirst() }
        while let last = value.last, last.isFieldSpace { value.removeLast() }
        bytes = name.prefix + value + [0x0D, 0x0A]
        nameCount = name.spelling.count
    }

    public var value: String { String(decoding: bytes[(nameCount + 2)...].dropLast(2), as: UTF8.self) }
    public var description: String { "\(name): \(value)" }
}

import Buffers
import HTTPMessage

/// The fields of a message, and the slab that holds their text as HTTP/1 would write it: `name: value` CRLF.
public struct ReceivedFields: ~Copyable {
    public var slab: Slab
    public var fields: FieldTable
    /// Bytes of the slab that are used.
    public var end = 0

    public init(slab: consuming Slab = Slab(), fields: consuming FieldTable) {
        self.slab = slab
        self.fields = fields
    }
}

/// What a message's fields said wrong. Each side has its own `Reason`s for the same.
enum FieldFault: UInt8 {
    /// A name that is empty, has an upper-case letter or another byte that is not allowed in it.
    case name
    /// A value with a control byte, or with white space around it.
    case value
    case connectionSpecific
    case pseudo
    case lengthMalformed, lengthRepeated
    case hostRepeated
    case targetTooLong
    case tooLarge, tooMany
}

/// Collects one header block (RFC 9113 §8.2). Nothing that it keeps can mean anything else as HTTP/1 text: no control byte, no white space
/// around a value, no upper-case name, no field about the connection. The first fault is kept, and what follows it is only counted.
struct FieldBlock: ~Copyable {
    /// What a pseudo-field held.
    struct Pseudo {
        var method: ByteRange?
        var path: ByteRange?
        var authority: ByteRange?
        var scheme: ByteRange?
        var protocolName: ByteRange?
        var status: UInt16?
    }

    enum Kind { case request, response, trailers }

    var message: ReceivedFields
    private(set) var fault: FieldFault?
    private(set) var pseudo = Pseudo()
    private(set) var contentLength: UInt64?
    private(set) var host: ByteRange?
    private(set) var expect: ByteRange?
    private(set) var takesTrailers = false
    private(set) var count = 0
    /// Bytes of all fields, unpacked, with 32 more for each.
    private(set) var unpackedBytes = 0
    private var kind = Kind.request
    private var limits = HeadLimits()
    private var sawRegular = false
    private var cookie = -1
    private var cookiesAreApart = false
    private var expectCount = 0

    init(fields: consuming FieldTable) { message = ReceivedFields(fields: fields) }

    /// Begins a block. Takes a slab for its text, and for its table where an owner kept the last.
    mutating func begin(_ kind: Kind, limits: HeadLimits, slabs: SlabPool, tables: SlabPool) {
        if !message.slab.exists { message.slab = slabs.take() }
        if message.fields.capacity == 0 { message.fields = FieldTable(tables.take()) }
        message.fields.removeAll()
        message.end = 0
        self.kind = kind
        self.limits = limits
        fault = nil
        pseudo = Pseudo()
        contentLength = nil
        host = nil
        expect = nil
        takesTrailers = false
        count = 0
        unpackedBytes = 0
        sawRegular = false
        cookie = -1
        cookiesAreApart = false
        expectCount = 0
    }

    /// Lets the slab go.
    mutating func end() {
        message.slab = Slab()
        message.end = 0
    }

    mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        unpackedBytes &+= name.count &+ value.count &+ 32
        guard fault == nil else { return }
        if let fault = check(name, value) { self.fault = fault }
    }

    private mutating func check(_ name: Span<UInt8>, _ value: Span<UInt8>) -> FieldFault? {
        if !name.isEmpty && name[0] == UInt8(ascii: ":") { return sawRegular ? .pseudo : addPseudo(name, value) }
        sawRegular = true
        guard Self.isName(name) else { return .name }
        guard Self.isValue(value) else { return .value }
        count &+= 1
        guard count <= limits.fieldCount else { return .tooMany }
        let token = FieldToken.named(name, ByteRange(start: 0, count: name.count))
        switch token {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade: return .connectionSpecific
        case .te:
            guard value.matches(ByteRange(start: 0, count: value.count), ignoringCase: "trailers") else { return .connectionSpecific }
            takesTrailers = true
        case .contentLength where kind != .trailers:
            guard contentLength == nil else { return .lengthRepeated }
            let range = ByteRange(start: 0, count: value.count)
            guard let length = ContentLength.read(value, range, leadingZeros: kind == .response) else { return .lengthMalformed }
            contentLength = length
        case .host where kind == .request:
            if host != nil { return .hostRepeated }
            // Beside `:authority` the same is said twice: one line is enough. They are compared when the block ends.
            host = ByteRange(start: message.end &+ name.count &+ 2, count: value.count)
            return append(name, value, token, marks: pseudo.authority == nil ? [] : .removed) ? nil : .tooLarge
        case .cookie where kind == .request: return addCookie(name, value)
        case .unknown:
            // As in HTTP/1: a name that stands for a known field under CGI's rules is not passed on.
            if FieldToken.isAlias(name, ByteRange(start: 0, count: name.count)) {
                return append(name, value, token, marks: .removed) ? nil : .tooLarge
            }
        default: break
        }
        guard append(name, value, token) else { return .tooLarge }
        if token == .expect {
            expectCount &+= 1
            expect = expectCount == 1 ? message.fields[message.fields.count &- 1].value : .empty
        }
        return nil
    }

    /// A field name in lower case (RFC 9113 §8.2.1, RFC 9110 §5.1).
    private static func isName(_ name: Span<UInt8>) -> Bool {
        guard !name.isEmpty, name.count <= Int(UInt16.max) else { return false }
        for index in 0..<name.count {
            let byte = name[index]
            guard byte.isTokenCharacter, byte &- 0x41 >= 26 else { return false }
        }
        return true
    }

    /// A field value without control bytes, and without white space around it (RFC 9113 §8.2.1).
    private static func isValue(_ value: Span<UInt8>) -> Bool {
        if value.isEmpty { return true }
        return !value[0].isFieldSpace && !value[value.count &- 1].isFieldSpace && value.firstControl(from: 0) == value.count
    }

    // MARK: Pseudo-fields

    private mutating func addPseudo(_ name: Span<UInt8>, _ value: Span<UInt8>) -> FieldFault? {
        guard kind != .trailers, let name = PseudoField(name), (name == .status) == (kind == .response) else { return .pseudo }
        switch name {
        case .status:
            guard pseudo.status == nil, value.count == 3,
                let status = ContentLength.read(value, ByteRange(start: 0, count: 3), leadingZeros: true), status >= 100, status <= 599
            else { return .pseudo }
            pseudo.status = UInt16(status)
        case .method:
            guard pseudo.method == nil, value.count > 0, value.count <= Method.longest, Self.isToken(value) else { return .pseudo }
            pseudo.method = keep(value)
            return pseudo.method == nil ? .tooLarge : nil
        case .path:
            guard pseudo.path == nil, !value.isEmpty else { return .pseudo }
            guard value.count <= limits.targetBytes else { return .targetTooLong }
            pseudo.path = keep(value)
            return pseudo.path == nil ? .tooLarge : nil
        case .scheme:
            guard pseudo.scheme == nil else { return .pseudo }
            pseudo.scheme = keep(value)
            return pseudo.scheme == nil ? .tooLarge : nil
        case .protocolName:
            guard pseudo.protocolName == nil, !value.isEmpty, Self.isToken(value) else { return .pseudo }
            pseudo.protocolName = keep(value)
            return pseudo.protocolName == nil ? .tooLarge : nil
        case .authority:
            // What it is, is checked when the block ends; that it cannot end a line, now.
            guard pseudo.authority == nil, Self.isValue(value) else { return .pseudo }
            let start = message.end
            guard append(Self.hostName.octets, value, .host) else { return .tooLarge }
            pseudo.authority = ByteRange(start: start &+ 6, count: value.count)
        }
        return nil
    }

    private static let hostName: StaticString = "host"

    private static func isToken(_ value: Span<UInt8>) -> Bool {
        for index in 0..<value.count where !value[index].isTokenCharacter { return false }
        return true
    }

    // MARK: Text

    /// Copies bytes that are no line into the slab; nil if they do not fit.
    private mutating func keep(_ value: Span<UInt8>) -> ByteRange? {
        let start = message.end
        guard start &+ value.count <= limits.headBytes, message.slab.write(value, at: start) else { return nil }
        message.end &+= value.count
        return ByteRange(start: start, count: value.count)
    }

    /// Writes a line and adds its field. False if it does not fit.
    private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>, _ token: FieldToken, marks: FieldMarks = []) -> Bool {
        let start = message.end
        let valueStart = start &+ name.count &+ 2
        let end = valueStart &+ value.count
        guard end &+ 2 <= limits.headBytes, message.slab.write(name, at: start), message.slab.write(": ", at: start &+ name.count),
            message.slab.write(value, at: valueStart), message.slab.write("\r\n", at: end)
        else { return false }
        let field = Field(
            token: token, name: ByteRange(start: start, count: name.count), value: ByteRange(start: valueStart, count: value.count),
            marks: marks.union(.canonical))
        guard message.fields.append(field) else { return false }
        message.end = end &+ 2
        return true
    }

    /// Crumbs of Cookie become one field (RFC 9113 §8.2.3). One without a byte says nothing, and would leave white space at the field's end.
    private mutating func addCookie(_ name: Span<UInt8>, _ value: Span<UInt8>) -> FieldFault? {
        if value.isEmpty { return nil }
        if cookie >= 0 && message.fields[cookie].value.upper &+ 2 == message.end {
            let start = message.end &- 2
            let end = start &+ 2 &+ value.count
            guard end &+ 2 <= limits.headBytes, message.slab.write("; ", at: start), message.slab.write(value, at: start &+ 2),
                message.slab.write("\r\n", at: end)
            else { return .tooLarge }
            message.fields[cookie].valueCount &+= UInt32(2 &+ value.count)
            message.end = end &+ 2
            return nil
        }
        cookiesAreApart = cookie >= 0
        guard append(name, value, .cookie) else { return .tooLarge }
        cookie = message.fields.count &- 1
        return nil
    }

    /// Writes one line for crumbs that other fields stand between. False if it does not fit.
    private mutating func joinCookies() -> Bool {
        var end = message.end
        let start = end
        func room(_ count: Int) -> Bool { end &+ count <= limits.headBytes && end &+ count <= message.slab.capacity }
        guard room(8), message.slab.write("cookie: ", at: end) else { return false }
        end &+= 8
        let valueStart = end
        for index in 0..<message.fields.count where message.fields[index].token == .cookie {
            if end > valueStart {
                guard room(2), message.slab.write("; ", at: end) else { return false }
                end &+= 2
            }
            let value = message.fields[index].value
            guard room(Int(value.count)), message.slab.move(value, to: end) else { return false }
            end &+= Int(value.count)
            message.fields[index].marks.insert(.removed)
        }
        guard room(2), message.slab.write("\r\n", at: end) else { return false }
        message.end = end &+ 2
        return message.fields.append(
            Field(
                token: .cookie, name: ByteRange(start: start, count: 6), value: ByteRange(start: valueStart, count: end &- valueStart),
                marks: .canonical))
    }

    /// The block is complete.
    mutating func finish() -> FieldFault? {
        if fault == nil && cookiesAreApart && !joinCookies() { fault = .tooLarge }
        return fault
    }
}

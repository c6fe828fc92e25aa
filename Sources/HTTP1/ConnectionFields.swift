import Buffers
import HTTPMessage

/// `Connection` and what hangs on it (RFC 9110 §7.6.1).
enum ConnectionFields {
    /// Names that one head may nominate in `Connection`. Each is looked for among all fields, so the work is bounded.
    static let mostNames = 32

    /// A nomination of these is not followed: they say what the message is, whom it is for, who sent it or by which way it came.
    /// RFC 9110 §7.6.1 forbids nominating such fields, and following it would let a client take away what filters and the
    /// gateway rely on. The hop-by-hop ones among them are never passed on anyway.
    static var protected: TokenSet {
        TokenSet.forwarding.adding(.host).adding(.contentLength).adding(.transferEncoding).adding(.contentType)
            .adding(.contentEncoding).adding(.contentRange).adding(.authorization).adding(.cookie).adding(.setCookie)
            .adding(.origin).adding(.xRequestID).adding(.gatewayReason)
            .adding(.location).adding(.cacheControl).adding(.vary)
    }

    /// Walks all `Connection` fields: the options in them, and a mark on every field that they name.
    /// False if there are more names than are looked for, or a quote: options are tokens, and whoever does not know quoted strings here
    /// sees other names in them.
    @inline(never)
    static func read(_ bytes: Span<UInt8>, _ fields: inout FieldTable, into options: inout ConnectionOptions) -> Bool {
        var names = 0
        var index = fields.firstIndex(of: .connection)
        while let current = index {
            var list = TokenList(fields[current].value)
            while let option = list.next(in: bytes) {
                if bytes.matches(option, ignoringCase: "close") {
                    options.insert(.close)
                } else if bytes.matches(option, ignoringCase: "keep-alive") {
                    options.insert(.keepAlive)
                } else if bytes.matches(option, ignoringCase: "upgrade") {
                    options.insert(.upgrade)
                } else if bytes.matches(option, ignoringCase: "te") {
                    options.insert(.te)
                } else {
                    names &+= 1
                    guard names <= mostNames, !option.range.contains(where: { bytes[$0] == UInt8(ascii: "\"") }) else { return false }
                    if mark(bytes, &fields, option) { options.insert(.names) }
                }
            }
            index = fields.firstIndex(of: .connection, from: current &+ 1)
        }
        return true
    }

    /// Marks the fields with the name in bytes `option`. False if there is none, or none that may be marked.
    private static func mark(_ bytes: Span<UInt8>, _ fields: inout FieldTable, _ option: ByteRange) -> Bool {
        var found = false
        for index in 0..<fields.count {
            guard bytes.equal(fields[index].name, option, ignoringCase: ()), !protected.contains(fields[index].token) else { continue }
            fields[index].marks.insert(.connectionOption)
            found = true
        }
        return found
    }

    /// True if a `TE` field lists `trailers` (RFC 9110 §10.1.4).
    @inline(never)
    static func takesTrailers(_ bytes: Span<UInt8>, _ fields: borrowing FieldTable) -> Bool {
        var index = fields.firstIndex(of: .te)
        while let current = index {
            var list = TokenList(fields[current].value)
            while let coding = list.next(in: bytes) {
                if bytes.matches(coding, ignoringCase: "trailers") { return true }
            }
            index = fields.firstIndex(of: .te, from: current &+ 1)
        }
        return false
    }

    /// The seconds of `Keep-Alive: timeout=`; nil if there are none or they are no number. At most a day.
    @inline(never)
    static func keepAliveTimeout(_ bytes: Span<UInt8>, _ value: ByteRange) -> UInt32? {
        var list = TokenList(value)
        while let parameter = list.next(in: bytes) {
            guard parameter.count > 8, bytes.matches(ByteRange(start: parameter.lower, count: 8), ignoringCase: "timeout=") else { continue }
            var seconds: UInt32 = 0
            for at in (parameter.lower &+ 8)..<parameter.upper {
                guard bytes[at].isDigit else { return nil }
                seconds = min(seconds &* 10 &+ UInt32(bytes[at] &- 0x30), 86_400)
            }
            return seconds
        }
        return nil
    }
}

import Buffers

/// Decides which paths are let through. What passes reads the same to the route table and to any app that decodes a path once.
public struct PathPolicy: Equatable, Sendable {
    /// Lets `%2F` and `%5C` pass as letters of a segment's name, for apps that need them (GitLab, RabbitMQ, npm). Such an app must
    /// split before it decodes, or what it sees is not what was matched. Dot segments beside them are refused all the same. The shape
    /// says that there is one, for who lets them through for some apps only.
    public var allowsEscapedSeparators: Bool

    public init(allowsEscapedSeparators: Bool = false) {
        self.allowsEscapedSeparators = allowsEscapedSeparators
    }

    /// Examines the path of a request target: without query, beginning with a slash (RFC 3986 §3.3).
    public func examine(_ path: Span<UInt8>) -> PathVerdict {
        if PathScan.isPlain(path) { return .accepted(PathShape(isPlain: true)) }
        return examineSlowly(path)
    }

    /// The same, byte for byte, with the exact reason.
    func examineSlowly(_ path: Span<UInt8>) -> PathVerdict {
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { return .refused(.notAbsolute) }
        var segment = SegmentScan()
        var isPlain = true
        var hasEscapedSeparator = false
        var index = 1
        // The last escape's byte, while the next byte is still to come.
        var escaped: UInt8? = nil
        while index < path.count {
            let byte = path[index]
            if byte == UInt8(ascii: "%") {
                isPlain = false
                guard let value = path.escapedByte(at: index, to: path.count) else { return .refused(.malformedEscape) }
                if let fault = fault(escaped: value, behind: escaped) { return .refused(fault) }
                if value == UInt8(ascii: "/") || value == UInt8(ascii: "\\") { hasEscapedSeparator = true }
                let (final, length) = PathEscape.innermost(in: path, at: index)
                if let fault = segment.take(final) { return .refused(fault) }
                escaped = value
                index += length
                continue
            }
            escaped = nil
            switch byte {
            case 0...0x20, 0x7F..., UInt8(ascii: "#"), UInt8(ascii: "?"): return .refused(.forbiddenByte)
            case UInt8(ascii: "\\"): return .refused(.backslash)
            case UInt8(ascii: ";"): isPlain = false
            case UInt8(ascii: "/"): if path[index - 1] == UInt8(ascii: "/") { isPlain = false }
            default: break
            }
            if let fault = segment.take(byte) { return .refused(fault) }
            index += 1
        }
        if let fault = segment.end() { return .refused(fault) }
        return .accepted(PathShape(isPlain: isPlain, hasEscapedSeparator: hasEscapedSeparator))
    }

    private func fault(escaped value: UInt8, behind previous: UInt8?) -> PathFault? {
        switch value {
        case UInt8(ascii: "/"), UInt8(ascii: "\\"): return allowsEscapedSeparators ? nil : .escapedSeparator
        case 0..<0x20, 0x7F: return .escapedControl
        case 0x80...0xBF:
            // The forms of RFC 3629 §3 that spell a character longer than need be.
            switch previous {
            case 0xC0, 0xC1: return .overlongCharacter
            case 0xE0: return value < 0xA0 ? .overlongCharacter : nil
            case 0xF0: return value < 0x90 ? .overlongCharacter : nil
            default: return nil
            }
        default: return nil
        }
    }
}

/// Follows the name of one segment after the other, as the most permissive reader would: any slash or backslash ends a segment, any
/// semicolon its name, however often it is escaped.
private struct SegmentScan {
    private var nameCount = 0
    private var isDots = true
    private var hasParameters = false

    mutating func take(_ byte: UInt8) -> PathFault? {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "\\"): return end()
        case UInt8(ascii: ";"): hasParameters = true
        default:
            guard !hasParameters else { return nil }
            nameCount += 1
            if byte != UInt8(ascii: ".") { isDots = false }
        }
        return nil
    }

    mutating func end() -> PathFault? {
        defer { self = SegmentScan() }
        if nameCount == 0 { return hasParameters ? .emptyName : nil }
        return isDots && nameCount <= 2 ? .dotSegment : nil
    }
}

import Buffers

/// What one call of `ChunkedDecoder.decode` did.
public struct ChunkedStep: Equatable, Sendable {
    public enum State: Equatable, Sendable {
        /// The body goes on.
        case more
        /// The size line of the last chunk was read: the trailer section starts at `consumed`.
        case trailers
        /// The coding is malformed. What was decoded before is in place, and must not be passed on as a complete body.
        case failed
    }

    /// Offset behind the payload, which starts where the call was told to.
    public var payloadEnd: Int
    /// Offset of the first byte not decoded yet.
    public var consumed: Int
    public var state: State

    public init(payloadEnd: Int, consumed: Int, state: State) {
        self.payloadEnd = payloadEnd
        self.consumed = consumed
        self.state = state
    }
}

/// Takes the chunked coding off a body (RFC 9112 §7.1), in place. One a body; it may be cut anywhere between calls.
///
/// Strict: a size is 1 to 15 hexadecimal digits and nothing else; lines end in CRLF and data is followed by exactly CRLF; an
/// extension must parse as §7.1.1 says, without white space, and is dropped. All extensions of a body together may have
/// `mostExtensionBytes`.
public struct ChunkedDecoder: Sendable {
    /// Bytes of chunk extensions, with their `;`, in one body.
    public static let mostExtensionBytes = 4096
    /// Digits of a chunk size, leading zeros among them: no size passes 2^60.
    public static let mostSizeDigits = 15

    private enum Place: UInt8 {
        case size
        case extensionName, extensionNameRest, extensionValue, extensionToken
        case quoted, quotedPair, quotedEnd
        case sizeLineFeed
        case data
        case dataReturn, dataLineFeed
        case done, failed
    }

    private var place = Place.size
    private var digits: UInt8 = 0
    private var extensionBytes: UInt16 = 0
    /// While a size is read: the size. While data is read: bytes of the chunk that are still to come.
    private var remaining: UInt64 = 0

    public init() {}

    /// Decodes bytes `from ..< to` in place: the payload found is moved together at `from ..< payloadEnd`; it is not moved where
    /// it lies there already. After `.trailers` and `.failed`, every further call answers the same and consumes nothing.
    /// Traps if the range is not inside `bytes`.
    public mutating func decode(_ bytes: inout MutableSpan<UInt8>, from: Int, to: Int) -> ChunkedStep {
        precondition(from >= 0 && from <= to && to <= bytes.count)
        var at = from
        var payloadEnd = from
        while true {
            switch place {
            case .data:
                guard at < to else { return ChunkedStep(payloadEnd: payloadEnd, consumed: at, state: .more) }
                let count = Int(min(remaining, UInt64(to &- at)))
                bytes.move(count, from: at, to: payloadEnd)
                payloadEnd &+= count
                at &+= count
                remaining &-= UInt64(count)
                if remaining == 0 { place = .dataReturn }
            case .done: return ChunkedStep(payloadEnd: payloadEnd, consumed: at, state: .trailers)
            case .failed: return ChunkedStep(payloadEnd: payloadEnd, consumed: at, state: .failed)
            default:
                guard at < to else { return ChunkedStep(payloadEnd: payloadEnd, consumed: at, state: .more) }
                place = next(bytes[at])
                if place != .failed { at &+= 1 }
            }
        }
    }

    /// The place behind `byte`, which belongs to the coding and not to the data.
    private mutating func next(_ byte: UInt8) -> Place {
        switch place {
        case .size:
            if let digit = byte.hexadecimalValue {
                guard digits < Self.mostSizeDigits else { return .failed }
                digits &+= 1
                remaining = remaining &<< 4 | UInt64(digit)
                return .size
            }
            guard digits > 0 else { return .failed }
            if byte == 0x0D { return .sizeLineFeed }
            return byte == UInt8(ascii: ";") ? countExtension(.extensionName) : .failed
        case .sizeLineFeed:
            guard byte == 0x0A else { return .failed }
            digits = 0
            return remaining == 0 ? .done : .data
        case .dataReturn: return byte == 0x0D ? .dataLineFeed : .failed
        case .dataLineFeed: return byte == 0x0A ? .size : .failed
        case .extensionName: return byte.isTokenCharacter ? countExtension(.extensionNameRest) : .failed
        case .extensionNameRest:
            if byte.isTokenCharacter { return countExtension(.extensionNameRest) }
            return byte == UInt8(ascii: "=") ? countExtension(.extensionValue) : endExtension(byte)
        case .extensionValue:
            if byte == UInt8(ascii: "\"") { return countExtension(.quoted) }
            return byte.isTokenCharacter ? countExtension(.extensionToken) : .failed
        case .extensionToken: return byte.isTokenCharacter ? countExtension(.extensionToken) : endExtension(byte)
        case .quoted:
            if byte == UInt8(ascii: "\"") { return countExtension(.quotedEnd) }
            if byte == UInt8(ascii: "\\") { return countExtension(.quotedPair) }
            return byte.isFieldControl ? .failed : countExtension(.quoted)
        case .quotedPair: return byte.isFieldControl ? .failed : countExtension(.quoted)
        case .quotedEnd: return endExtension(byte)
        case .data, .done, .failed: return .failed
        }
    }

    private mutating func endExtension(_ byte: UInt8) -> Place {
        if byte == 0x0D { return .sizeLineFeed }
        return byte == UInt8(ascii: ";") ? countExtension(.extensionName) : .failed
    }

    private mutating func countExtension(_ place: Place) -> Place {
        extensionBytes &+= 1
        return extensionBytes > Self.mostExtensionBytes ? .failed : place
    }
}

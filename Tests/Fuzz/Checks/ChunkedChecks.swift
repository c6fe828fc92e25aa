import HTTP1

/// Checks one run of bytes taken as a chunked body: any cut gives the same result, and a decoder written by the grammar agrees.
package func checkChunked(_ bytes: [UInt8]) {
    let whole = checkedCuts(bytes, at: [bytes.count / 3, bytes.count / 2, max(0, bytes.count - 1)]) { decodeChunked(bytes, cuts: $0) }
    check(reference(bytes) == whole, "the reference decoder disagrees", bytes)
}

/// Reads whole lines, looks at them with plain means, and knows no state but its offset.
private func reference(_ bytes: [UInt8]) -> DecodedBody {
    var body = DecodedBody()
    var at = 0
    var extensionBytes = 0
    while true {
        let line = bytes[at...].prefix { $0 != 0x0D && $0 != 0x0A }
        let digits = line.prefix { isHexadecimal($0) }
        // A fault counts at the byte that makes it one; the longest correct beginning is consumed.
        let part = extensionPrefix(line.dropFirst(digits.count))
        if digits.count > ChunkedDecoder.mostSizeDigits {
            return ended(body, at: at + ChunkedDecoder.mostSizeDigits, .failed)
        }
        let allowed = ChunkedDecoder.mostExtensionBytes - extensionBytes
        if digits.isEmpty { return ended(body, at: at, at == bytes.count ? .more : .failed) }
        if part.count > allowed { return ended(body, at: at + digits.count + allowed, .failed) }
        let good = digits.count + part.count
        if good < line.count { return ended(body, at: at + good, .failed) }
        let end = at + line.count
        if end == bytes.count { return ended(body, at: end, .more) }
        guard bytes[end] == 0x0D, part.isWhole else { return ended(body, at: end, .failed) }
        if end + 1 == bytes.count { return ended(body, at: end + 1, .more) }
        guard bytes[end + 1] == 0x0A else { return ended(body, at: end + 1, .failed) }
        extensionBytes += part.count
        at = end + 2
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size > 0 else { return ended(body, at: at, .trailers) }
        let data = bytes[at...].prefix(size)
        body.payload += data
        at += data.count
        for expected in [UInt8(0x0D), 0x0A] {
            if at == bytes.count { return ended(body, at: at, .more) }
            if bytes[at] != expected { return ended(body, at: at, .failed) }
            at += 1
        }
    }
}

private func ended(_ body: DecodedBody, at: Int, _ state: ChunkedStep.State) -> DecodedBody {
    var body = body
    body.consumed = at
    body.state = state
    return body
}

private func isHexadecimal(_ byte: UInt8) -> Bool { Set("0123456789abcdefABCDEF".utf8).contains(byte) }

/// How many bytes of `text` can begin `*( ";" token [ "=" ( token / quoted-string ) ] )`, and whether they are a whole one.
private func extensionPrefix(_ text: ArraySlice<UInt8>) -> (count: Int, isWhole: Bool) {
    var rest = text
    func result(_ isWhole: Bool) -> (Int, Bool) { (rest.startIndex - text.startIndex, isWhole) }
    while rest.first == UInt8(ascii: ";") {
        rest = rest.dropFirst()
        let name = rest.prefix { tokenBytes.contains($0) }
        rest = rest[name.endIndex...]
        if name.isEmpty { return result(false) }
        guard rest.first == UInt8(ascii: "=") else { continue }
        rest = rest.dropFirst()
        if rest.first != UInt8(ascii: "\"") {
            let value = rest.prefix { tokenBytes.contains($0) }
            rest = rest[value.endIndex...]
            if value.isEmpty { return result(false) }
            continue
        }
        rest = rest.dropFirst()
        while let byte = rest.first, byte != UInt8(ascii: "\"") {
            guard isText(byte) else { return result(false) }
            rest = rest.dropFirst()
            if byte == UInt8(ascii: "\\") {
                guard let escaped = rest.first, isText(escaped) else { return result(false) }
                rest = rest.dropFirst()
            }
        }
        if rest.isEmpty { return result(false) }
        rest = rest.dropFirst()
    }
    return result(true)
}

private func isText(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7F) }

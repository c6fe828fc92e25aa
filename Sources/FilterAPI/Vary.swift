extension Response {
    /// Says that the response depends on a field of the request (`Vary`, RFC 9110 §12.5.5). Nothing changes where it says so already, or
    /// says `*`.
    public mutating func vary(on name: FieldName) {
        var index = fields.firstIndex(of: .vary)
        while let line = index {
            var list = TokenList(fields.valueRange(at: line))
            while let element = list.next(in: fields.bytes) {
                if element.count == 1 && fields.bytes[element.lower] == UInt8(ascii: "*") || name.matches(fields.bytes, element) { return }
            }
            index = fields.firstIndex(of: .vary, from: line + 1)
        }
        fields.append(Self.varyField, bytes: name.spelling.span)
    }
}

extension Response {
    private static let varyField = FieldName(.vary)
}

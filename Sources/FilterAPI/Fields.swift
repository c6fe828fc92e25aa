/// The fields of one message, and the memory that holds its head. What a filter writes goes behind what came, so a look-up yields ranges of
/// one block of bytes, and nothing is copied that nobody edits.
///
/// Comfort: `fields["x-name"]`, `fields[.accept] = "text/plain"`, `append`, `remove`, `forEach`. Speed: `firstIndex(of:)`, `value(at:)` and
/// `bytes`, which allocate nothing.
///
/// Framing and connection fields (Content-Length, Transfer-Encoding, Connection and their kin) are the gateway's: it writes them itself,
/// whatever stands here. Host is `Request.authority`.
public struct Fields: ~Copyable {
    package var slab: Slab
    package var lines: FieldTable
    /// Offset of the first free byte of the slab.
    package var end = 0
    /// The app must have some fields from the gateway alone (`strip`): it gets none from a trailer section either, which it may merge.
    package private(set) var hasStrippedNames = false
    /// Something did not fit: the message is answered with an error instead of being sent on without it.
    public package(set) var overflowed = false

    /// Bytes that a head may take with everything that filters add.
    package static var mostBytes: Int { 256 * 1024 }

    package init(table: consuming FieldTable, slab: consuming Slab = Slab()) {
        lines = table
        self.slab = slab
    }

    /// Lines, removed ones among them: indexes are below it.
    public var count: Int { lines.count }

    /// The bytes that ranges are into.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { slab.bytes }
    }

    // MARK: Raw access

    /// The index of the first line with this token, from `start` on. O(1) if there is none, else O(lines).
    public func firstIndex(of token: FieldToken, from start: Int = 0) -> Int? { lines.firstIndex(of: token, from: start) }

    /// The index of the first line with this name, from `start` on. O(lines).
    public func firstIndex(of name: FieldName, from start: Int = 0) -> Int? {
        guard lines.mayContain(name.token) else { return nil }
        if name.token != .unknown { return lines.firstIndex(of: name.token, from: start) }
        var index = start
        while index < lines.count {
            let line = lines[index]
            if line.token == .unknown, !line.marks.contains(.removed), name.matches(slab.bytes, line.name) { return index }
            index &+= 1
        }
        return nil
    }

    /// Where the value of a line is in `bytes`. Traps if the index is not below `count`.
    public func valueRange(at index: Int) -> ByteRange { lines[index].value }

    /// Where the name of a line is in `bytes`. Traps if the index is not below `count`.
    public func nameRange(at index: Int) -> ByteRange { lines[index].name }

    /// The token of a line's name. Traps if the index is not below `count`.
    public func token(at index: Int) -> FieldToken { lines[index].token }

    /// False for a line that was removed. Traps if the index is not below `count`.
    public func isPresent(at index: Int) -> Bool { lines[index].marks.isDisjoint(with: FieldMarks.removed.union(.connectionOption)) }

    /// Whether a filter of this gateway wrote a line, as against one that came with the message. Traps if the index is not below `count`.
    public func isAdded(at index: Int) -> Bool { lines[index].marks.contains(.added) }

    /// Whether a line has this name. Traps if the index is not below `count`.
    public func isNamed(_ name: FieldName, at index: Int) -> Bool {
        let line = lines[index]
        return line.token == name.token && (line.token != .unknown || name.matches(slab.bytes, line.name))
    }

    // MARK: Comfort

    /// The value of a field, or of all its lines joined by `, ` (RFC 9110 §5.2; Cookie by `; `); nil without one. Bytes that are not UTF-8
    /// become U+FFFD. Setting replaces all lines by one; nil removes them. Control bytes in a new value become spaces, and white space
    /// around it is left out, so that no value can break a message.
    public subscript(name: FieldName) -> String? {
        get { joined(firstIndex(of: name)) { firstIndex(of: name, from: $0) } }
        set {
            remove(name)
            if let newValue { append(name, newValue) }
        }
    }

    /// The same by token.
    public subscript(token: FieldToken) -> String? {
        get { joined(firstIndex(of: token)) { firstIndex(of: token, from: $0) } }
        set {
            remove(token)
            if let newValue { append(token, newValue) }
        }
    }

    private func joined(_ first: Int?, _ next: (Int) -> Int?) -> String? {
        guard let first else { return nil }
        var text = slab.bytes.text(lines[first].value)
        let separator = lines[first].token == .cookie ? "; " : ", "
        var index = next(first + 1)
        while let found = index {
            text += separator + slab.bytes.text(lines[found].value)
            index = next(found + 1)
        }
        return text
    }

    /// The value of each line with this name, in their order.
    public func values(of name: FieldName) -> [String] {
        var values: [String] = []
        var index = firstIndex(of: name)
        while let found = index {
            values.append(slab.bytes.text(lines[found].value))
            index = firstIndex(of: name, from: found + 1)
        }
        return values
    }

    public func contains(_ name: FieldName) -> Bool { firstIndex(of: name) != nil }
    public func contains(_ token: FieldToken) -> Bool { firstIndex(of: token) != nil }

    /// Calls `body` with the name and value of each line, in their order.
    public func forEach(_ body: (_ name: String, _ value: String) -> Void) {
        for index in 0..<lines.count where isPresent(at: index) {
            body(slab.bytes.text(lines[index].name), slab.bytes.text(lines[index].value))
        }
    }

    // MARK: Editing

    /// Adds a line at the end. Control bytes in the value become spaces, and white space around it is left out.
    public mutating func append(_ name: FieldName, _ value: some StringProtocol) { append(name, bytes: Array(value.utf8).span) }

    /// Adds a line at the end. Control bytes in the value become spaces, and white space around it is left out.
    public mutating func append(_ token: FieldToken, _ value: some StringProtocol) {
        append(FieldName(token), bytes: Array(value.utf8).span)
    }

    // A line is stored as it is written (`.canonical`), so that those which filters add go out as one block.

    /// Adds a line at the end, without a string being made.
    public mutating func append(_ name: FieldName, bytes value: Span<UInt8>) {
        var start = 0
        var stop = value.count
        while start < stop && value[start].isFieldSpace { start &+= 1 }
        while stop > start && value[stop &- 1].isFieldSpace { stop &-= 1 }
        let prefixCount = name.prefix.count
        let line = end
        guard makeRoom(prefixCount &+ stop &- start &+ 2), slab.writeLine(name.prefix.span, value.extracting(start..<stop), at: line) else { return }
        check(name, ByteRange(start: line &+ prefixCount, count: stop &- start))
    }

    /// Adds a line at the end whose value is a literal, without a string being made.
    public mutating func append(_ name: FieldName, text: StaticString) {
        guard let at = begin(name, valueCount: text.utf8CodeUnitCount) else { return }
        _ = slab.write(text, at: at)
        add(name, ByteRange(start: at, count: text.utf8CodeUnitCount))
    }

    /// Adds a line whose value is bytes `range` of this message.
    public mutating func append(_ name: FieldName, copying range: ByteRange) {
        guard let at = begin(name, valueCount: Int(range.count)) else { return }
        _ = slab.move(range, to: at)
        add(name, ByteRange(start: at, count: Int(range.count)))
    }

    /// Adds a line that was made before, in one copy.
    public mutating func append(_ line: FieldLine) {
        let bytes = line.bytes
        let count = bytes.count
        let start = end
        guard makeRoom(count), slab.write(bytes.span, at: start) else { return }
        end = start &+ count
        let nameCount = line.nameCount
        addRecord(
            line.name, ByteRange(start: start, count: nameCount), ByteRange(start: start &+ nameCount &+ 2, count: count &- nameCount &- 4))
    }

    /// Writes the beginning of a line. Returns where its value goes; nil, with `overflowed` set, if the line does not fit.
    private mutating func begin(_ name: FieldName, valueCount: Int) -> Int? {
        let prefixCount = name.prefix.count
        guard makeRoom(prefixCount &+ valueCount &+ 2) else { return nil }
        _ = slab.write(name.prefix.span, at: end)
        return end &+ prefixCount
    }

    /// Ends the line whose value is there now.
    private mutating func add(_ name: FieldName, _ value: ByteRange) {
        _ = slab.write("\r\n", at: value.upper)
        check(name, value)
    }

    /// Takes the line that is there now as a whole. Control bytes in its value become spaces (RFC 9110 §5.5).
    @inline(__always)
    private mutating func check(_ name: FieldName, _ value: ByteRange) {
        // Nearly always the first one is that of the line's end, and 16 bytes are looked at in one step.
        if slab.bytes.firstControl(from: value.lower) < value.upper { replaceControls(value) }
        let nameCount = name.spelling.count
        addRecord(name, ByteRange(start: value.lower &- 2 &- nameCount, count: nameCount), value)
        end = value.upper &+ 2
    }

    @inline(__always)
    private mutating func addRecord(_ name: FieldName, _ nameRange: ByteRange, _ value: ByteRange) {
        let marks = FieldMarks.added.union(.canonical)
        if !lines.append(Field(token: name.token, name: nameRange, value: value, marks: marks)) { overflowed = true }
    }

    @inline(never)
    private mutating func replaceControls(_ range: ByteRange) {
        var bytes = slab.mutableBytes
        for index in range.range where bytes[index].isFieldControl { bytes[index] = 0x20 }
    }

    /// Removes all lines with this name.
    public mutating func remove(_ name: FieldName) {
        while let index = firstIndex(of: name) { lines[index].marks.insert(.removed) }
    }

    /// Removes all lines with this token.
    public mutating func remove(_ token: FieldToken) {
        while let index = firstIndex(of: token) { lines[index].marks.insert(.removed) }
    }

    /// Removes a line. Traps if the index is not below `count`.
    public mutating func remove(at index: Int) { lines[index].marks.insert(.removed) }

    /// Removes all lines with this name, and those that some app would take for it: `X_Api_Version` for `X-Api-Version`. For fields that the
    /// app must have from the gateway alone: it then gets no trailer fields of the client either.
    public mutating func strip(_ name: FieldName) {
        hasStrippedNames = true
        remove(name)
        stripAliases(of: name)
    }

    /// Removes the lines that some app would take for this name, `X_Api_Version` for `X-Api-Version`, but not those that have it. For fields
    /// of the client that this gateway decides by: the app then sees the same.
    public mutating func stripAliases(of name: FieldName) {
        guard lines.mayContain(.unknown) else { return }
        for index in 0..<lines.count where lines[index].token == .unknown {
            let range = lines[index].name
            if name.matchesAlias(slab.bytes, range), !name.matches(slab.bytes, range) { lines[index].marks.insert(.removed) }
        }
    }

    /// The same for all lines whose name begins with `prefix`, but for those that are the gateway's (framing, connection, Host). O(lines).
    ///
    /// - Parameter prefix: in lower case.
    public mutating func strip(namesBeginning prefix: [UInt8]) {
        hasStrippedNames = true
        for index in 0..<lines.count where !Self.gatewaysOwn.contains(lines[index].token) {
            if FieldName.beginsAlike(slab.bytes, lines[index].name, prefix) { lines[index].marks.insert(.removed) }
        }
    }

    private static let gatewaysOwn = TokenSet.hopByHop.adding(.contentLength).adding(.host)

    // MARK: Storage

    /// Copies bytes into the message's memory; nil, with `overflowed` set, if they do not fit. For building a value piece by piece use
    /// `append(_:bytes:)`.
    package mutating func store(_ bytes: Span<UInt8>) -> ByteRange? {
        guard makeRoom(bytes.count), slab.write(bytes, at: end) else { return nil }
        let range = ByteRange(start: end, count: bytes.count)
        end &+= bytes.count
        return range
    }

    /// Copies a literal into the message's memory.
    package mutating func store(_ text: StaticString) -> ByteRange? {
        let count = text.utf8CodeUnitCount
        guard makeRoom(count), slab.write(text, at: end) else { return nil }
        end &+= count
        return ByteRange(start: end &- count, count: count)
    }

    /// Copies bytes that are in the message already to the end of its memory.
    package mutating func store(_ range: ByteRange) -> ByteRange? {
        guard makeRoom(Int(range.count)), slab.move(range, to: end) else { return nil }
        let copy = ByteRange(start: end, count: Int(range.count))
        end &+= Int(range.count)
        return copy
    }

    /// Room for `count` bytes at the end, in a larger slab if need be.
    @inline(__always)
    package mutating func makeRoom(_ count: Int) -> Bool {
        count <= slab.capacity &- end || makeMoreRoom(count)
    }

    @inline(never)
    private mutating func makeMoreRoom(_ count: Int) -> Bool {
        guard count <= Self.mostBytes &- end else {
            overflowed = true
            return false
        }
        grow(to: min(Self.mostBytes, max(2 &* slab.capacity, end &+ count, 4096)))
        return true
    }

    @inline(never)
    private mutating func grow(to capacity: Int) {
        var larger = Slab(byteCount: capacity)
        larger.copy(from: slab, at: 0, count: end)
        slab = larger
    }

    /// Forgets all lines and hands the slab back.
    package mutating func removeAll() {
        lines.removeAll()
        slab = Slab()
        end = 0
        overflowed = false
        hasStrippedNames = false
    }
}

extension Span where Element == UInt8 {
    /// Bytes `range` as text; what is not UTF-8 becomes U+FFFD.
    public func text(_ range: ByteRange) -> String {
        var copy: [UInt8] = []
        copy.reserveCapacity(Int(range.count))
        for index in range.lower..<range.upper { copy.append(self[index]) }
        return String(decoding: copy, as: UTF8.self)
    }
}

import FilterAPI

/// A field that tells the version: plain, or with a service type in front.
final class VersionField: Sendable {
    let name: FieldName
    /// `compute `, or empty.
    private let service: [UInt8]
    /// The whole line for each version that has no microversions, and whether it says anything.
    private let lines: KeptObjects<FieldLine>
    private let says: [Bool]
    private let tellsMajor: Bool

    private init(_ name: FieldName, _ headers: [VersionHeader], _ catalog: VersionCatalog, tellsMajor: Bool = false) {
        self.name = name
        self.tellsMajor = tellsMajor
        let service = headers.first { $0.name == name }?.services.first.map { $0 + [UInt8(ascii: " ")] } ?? []
        self.service = service
        let values = catalog.versions.map { service + (tellsMajor ? $0.name.major : $0.name.bare) }
        lines = KeptObjects(values.map { FieldLine(name, bytes: $0) })
        says = values.map { !$0.isEmpty }
    }

    /// Adds the field. Nothing is allocated where the message has room.
    func append(to fields: inout Fields, _ choice: VersionChoice) {
        guard !tellsMajor, choice.hasMicroversion else {
            if says[choice.version] { lines.lend(choice.version) { fields.append($0) } }
            return
        }
        // At most 64 bytes of service, a blank, and twice ten digits.
        var text = InlineArray<96, UInt8>(repeating: 0)
        var count = 0
        for index in service.indices {
            text[count] = service[index]
            count &+= 1
        }
        Self.write(choice.microversion.major, to: &text, at: &count)
        text[count] = UInt8(ascii: ".")
        count &+= 1
        Self.write(choice.microversion.minor, to: &text, at: &count)
        fields.append(name, bytes: text.span.extracting(0..<count))
    }

    private static func write(_ number: UInt32, to text: inout InlineArray<96, UInt8>, at count: inout Int) {
        var scale: UInt32 = 1
        while number / scale >= 10 { scale &*= 10 }
        while scale > 0 {
            text[count] = UInt8(truncatingIfNeeded: number / scale % 10) &+ UInt8(ascii: "0")
            count &+= 1
            scale /= 10
        }
    }

    /// What the app and what the client is told.
    static func all(
        _ options: FilterOptions, _ headers: [VersionHeader], _ catalog: VersionCatalog, isGlance: Bool
    ) throws(ConfigurationError) -> (app: [VersionField], response: [VersionField]) {
        var app: [VersionField] = []
        for option in ["app-field", "app-major-field"] where !options.isKeyword(option, "off") {
            let name = try field(options.word(option) ?? "", option, 0)
            guard !app.contains(where: { $0.name == name }) else {
                throw ConfigurationError("`\(name)` cannot tell both", option: option, help: "give it another name, or `off`")
            }
            app.append(VersionField(name, headers, catalog, tellsMajor: option == "app-major-field"))
        }
        guard !options["response-fields"].contains(.keyword("off")) else { return (app, []) }
        var names: [FieldName] = []
        for (index, word) in options.words("response-fields").enumerated() { names.append(try field(word, "response-fields", index)) }
        if names.isEmpty && !isGlance { names = headers.isEmpty ? ["X-API-Version"] : headers.map(\.name) }
        return (app, names.map { VersionField($0, headers, catalog) })
    }

    private static func field(_ word: String, _ option: String, _ index: Int) throws(ConfigurationError) -> FieldName {
        guard let name = FieldName(word), name.token == .unknown else {
            throw ConfigurationError("`\(word)` cannot tell a version", option: option, value: index, help: "take a field of its own, such as `X-API-Version`")
        }
        return name
    }
}

/// What was decided for a request, kept until its response.
struct VersionChoice: BitwiseCopyable {
    /// An index of the versions, counted from 1; 0 where nothing was decided.
    var number: Int32 = 0
    var hasMicroversion = false
    var microversion = Microversion(0, 0)

    var version: Int { Int(number) &- 1 }

    init(_ match: VersionMatch) {
        number = Int32(truncatingIfNeeded: match.version &+ 1)
        if let microversion = match.microversion {
            hasMicroversion = true
            self.microversion = microversion
        }
    }
}

import FilterAPI

/// A field whose value is a secret that lets a request pass.
struct PassField: Sendable {
    let name: FieldName
    private let secret: [UInt8]

    /// Nil without the option.
    init?(_ options: FilterOptions) throws(ConfigurationError) {
        guard let text = options.word("except-field") else { return nil }
        guard let colon = text.firstIndex(of: ":"), let name = FieldName(text[..<colon]) else {
            throw ConfigurationError(
                "`except-field` is no field", option: "except-field", expected: "`\"Name: secret\"`",
                help: "put name and value into one pair of double quotes")
        }
        // It is taken off every request: what means something to apps, or to the gateway, must not be lost.
        guard name.token == .unknown else {
            throw ConfigurationError(
                "`\(name)` has a meaning of its own, and the app would never get it", option: "except-field", help: "take a field of its own, such as `X-Maintenance-Pass`")
        }
        var secret = text[text.index(after: colon)...]
        while secret.first == " " { secret.removeFirst() }
        while secret.last == " " { secret.removeLast() }
        guard secret.utf8.count >= 8 else {
            throw ConfigurationError("the secret is too short", option: "except-field", help: "take 8 characters or more that nobody guesses")
        }
        self.name = name
        self.secret = Array(secret.utf8)
    }

    /// Whether the request has it. The app does not get it in any case.
    func take(from request: inout Request) -> Bool {
        var isRight = false
        var index = request.fields.firstIndex(of: name)
        while let line = index {
            if isSecret(request.fields.bytes, request.fields.valueRange(at: line)) { isRight = true }
            index = request.fields.firstIndex(of: name, from: line + 1)
        }
        request.fields.strip(name)
        return isRight
    }

    /// Takes as long for every value of the secret's length.
    private func isSecret(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
        guard Int(value.count) == secret.count else { return false }
        var difference: UInt8 = 0
        for index in secret.indices { difference |= bytes[value.lower &+ index] ^ secret[index] }
        return difference == 0
    }
}

import FilterAPI
import TLS

/// What a section says, checked as far as it can be without its files.
struct TerminationRules: Sendable {
    /// Where a certificate comes from.
    struct Source {
        let certificate: String
        let key: String
        /// Names that it must be for.
        let names: [CertificateName]
    }

    /// Of each certificate, in the order of the lines; empty where one for development is made.
    let sources: [Source]
    /// About clients' certificates, each once.
    let clientRules: [ClientRule]
    /// Which of them stands for each certificate.
    let policies: [Int]
    let isStrict: Bool
    let policy: TLSPolicy
    /// Milliseconds.
    let handshakeTimeout: Int64
    /// Seconds.
    let ticketLifetime: Int64
    let ticketKeys: String?
    /// The value of `Strict-Transport-Security`.
    let strictTransport: [UInt8]?
    let developmentDirectory: String?
    let keyLog: String?

    init(_ options: FilterOptions) throws(ConfigurationError) {
        let standard = try ClientRule(word: options.word("client-certificate") ?? "none", authorities: options.word("client-authorities"))
        let entries = options.entries("certificate")
        let key = options.word("private-key")
        if let key, entries.count != 1 {
            throw ConfigurationError(
                entries.isEmpty ? "`private-key` stands without a `certificate`" : "`private-key` could be of any of \(entries.count) certificates",
                option: "private-key",
                help: entries.isEmpty ? "add a line `certificate = …`" : "say it with the certificate: `certificate = … key=\(key)`")
        }
        var sources: [Source] = []
        var clientRules: [ClientRule] = []
        for (index, entry) in entries.enumerated() {
            guard case .word(let path) = entry.value else { continue }
            let own = entry.attributes.word("key")
            if own != nil && key != nil {
                throw ConfigurationError("the key is said twice", option: "private-key", help: "remove this line, or `key=`")
            }
            var names: [CertificateName] = []
            for text in entry.attributes.words("name") {
                guard let name = CertificateName(text) else {
                    throw ConfigurationError(
                        "`\(text)` is no name that a client could ask for", option: "certificate", value: index, help: "write it as certificates have it, each for itself: `name=example.org name=*.example.org`")
                }
                names.append(name)
            }
            sources.append(Source(certificate: path, key: own ?? key ?? path, names: names))
            let word = entry.attributes.word("client-certificate")
            let authorities = entry.attributes.word("client-authorities")
            if word == nil && authorities == nil {
                clientRules.append(standard)
            } else {
                clientRules.append(
                    try ClientRule(
                        word: word ?? standard.word, authorities: word == "none" ? authorities : authorities ?? standard.authorities, certificate: index))
            }
        }
        self.sources = sources
        if entries.isEmpty { clientRules = [standard] }
        var different: [ClientRule] = []
        policies = clientRules.map { rule in
            if let known = different.firstIndex(of: rule) { return known }
            different.append(rule)
            return different.count - 1
        }
        self.clientRules = different
        isStrict = options.boolean("strict-sni") ?? true
        policy = TLSPolicy(rawValue: options.word("policy") ?? "") ?? .intermediate
        let (seconds, attoseconds) = (options.duration("handshake-timeout") ?? .seconds(10)).components
        handshakeTimeout = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        ticketLifetime = (options.duration("ticket-lifetime") ?? .seconds(43_200)).components.seconds
        ticketKeys = options.word("ticket-keys")
        if ticketKeys != nil && options.isGiven("ticket-lifetime") {
            throw ConfigurationError(
                "keys of a file last as long as they stand in it", option: "ticket-lifetime", help: "remove this line, or `ticket-keys`")
        }
        strictTransport = options.duration("hsts").map { Array("max-age=\($0.components.seconds)".utf8) }
        developmentDirectory = options.word("development-directory")
        if developmentDirectory != nil && !entries.isEmpty {
            throw ConfigurationError(
                "no certificate for `localhost` is made where there is another", option: "development-directory",
                help: "remove this line, or `certificate`")
        }
        keyLog = options.word("key-log")
    }
}

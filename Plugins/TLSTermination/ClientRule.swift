import FilterAPI
import TLS

/// The options about clients' certificates, of the section or of one certificate.
struct ClientRule: Equatable {
    static let words = ["none", "optional", "required"]

    var word: String
    var authorities: String?

    /// - Parameter index: which of the section's certificates it is for; nil for the section itself.
    init(word: String, authorities: String?, certificate index: Int? = nil) throws(ConfigurationError) {
        self.word = word
        self.authorities = authorities
        let option = index == nil ? "client-certificate" : "certificate"
        if word != "none" && authorities == nil {
            throw ConfigurationError(
                "`client-certificate` is \(word), and nothing says who signs them", option: option, value: index,
                help: "add `client-authorities`, the file with the authorities' certificates")
        }
        if word == "none" && authorities != nil {
            throw ConfigurationError(
                "`client-authorities` has no effect while clients show no certificates", option: index == nil ? "client-authorities" : option,
                value: index, help: "add `client-certificate`: `optional` or `required`")
        }
    }

    /// Clients show certificates.
    var asks: Bool { word != "none" }

    /// The rule with what its file holds.
    ///
    /// - Parameter files: by path; has the rule's own.
    func rule(_ files: [String: Authorities]) -> ClientCertificateRule {
        guard asks else { return .none }
        guard let authorities, let file = files[authorities] else { preconditionFailure("the authorities of a rule were not read") }
        return word == "required" ? .required(file) : .optional(file)
    }
}

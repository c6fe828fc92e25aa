import COpenSSL

extension TLSServerContext.Entry {
    /// An entry with the certificates of a table's entry, one of each kind of key, and keys for its tickets.
    public init(_ pairs: [CertificatePair], tickets: TicketKeys, rule: ClientCertificateRule = .none, ruleIdentity: [UInt8] = []) {
        unsafe self.init(rule: rule, ruleIdentity: ruleIdentity) { (context) throws(TLSSetupFault) in
            for pair in pairs { unsafe try pair.install(in: context) }
            do throws(TicketKeyFault) {
                unsafe try tickets.attach(to: context)
            } catch {
                throw TLSSetupFault("\(error)")
            }
        }
    }
}

extension CertificatePair {
    /// Gives the pair to an `SSL_CTX *`, beside those with other kinds of keys.
    func install(in context: OpaquePointer) throws(TLSSetupFault) {
        let isTaken = unsafe withPointers { leaf, key, issuers in unsafe SSL_CTX_use_cert_and_key(context, leaf, key, issuers, 1) == 1 }
        guard isTaken else { throw TLSSetupFault.fromOpenSSL("the certificates in `\(path)` cannot be used") }
    }
}

extension CertificateTable {
    /// `entry(for:)` for a server name as OpenSSL has it, or for none: what a `TLSServerContext` chooses by, if its entries are made in the table's order.
    public func entry(for name: UnsafeBufferPointer<UInt8>?) -> Int? {
        guard let name = unsafe name, unsafe !Self.isAddress(name.span) else { return defaultEntry }
        return unsafe entry(for: name.span)
    }

    /// An IP address is no server name (RFC 6066 §3), but some clients send one: they ask for no name.
    private static func isAddress(_ name: Span<UInt8>) -> Bool {
        var isNumber = true
        for index in name.indices {
            if name[index] == UInt8(ascii: ":") { return true }
            if name[index] &- 0x30 > 9 && name[index] != UInt8(ascii: ".") { isNumber = false }
        }
        return isNumber
    }
}

extension TLSServerContext {
    /// A context whose entries are those of a table, in its order.
    public convenience init(policy: TLSPolicy, entries: [Entry], table: CertificateTable, keyLog: KeyLog? = nil) throws(TLSSetupFault) {
        try unsafe self.init(policy: policy, entries: entries, defaultEntry: table.defaultEntry, keyLog: keyLog) { unsafe table.entry(for: $0) }
    }
}

extension ClientCertificateRule {
    /// What its file holds: sessions that began under other authorities do not go on. Errors: the file cannot be read.
    public func content() throws(TLSSetupFault) -> [UInt8] {
        guard let path = authorities else { return [] }
        do throws(FileBytes.Failure) {
            return try FileBytes(path, upTo: 1 << 20).digest
        } catch {
            let why =
                switch error {
                case .missing: "there is no such file"
                case .unreadable(let why): why
                case .tooLarge(let limit): "it has more than \(limit) bytes"
                }
            throw TLSSetupFault("the certificates of client authorities in `\(path)` cannot be read: \(why)")
        }
    }
}

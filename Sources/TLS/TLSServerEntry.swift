import COpenSSL

extension TLSServerContext.Entry {
    /// An entry with the certificates of a table's entry, one of each kind of key, and keys for its tickets.
    public init(_ pairs: [CertificatePair], tickets: TicketKeys, rule: ClientCertificateRule = .none) {
        unsafe self.init(rule: rule) { (context) throws(TLSSetupFault) in
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

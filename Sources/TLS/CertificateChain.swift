import COpenSSL

/// The certificates of one file, the server's own first, each signed by the next.
@safe
struct CertificateChain: Sendable {
    static let mostBytes = 256 << 10
    static let mostCertificates = 10

    let path: String
    let certificates: [Certificate]

    /// Reads all certificates of a text; keys and other blocks in it are left out.
    ///
    /// - Parameter path: where the text is from.
    init(_ text: borrowing FileBytes, _ path: String) throws(CertificateFault) {
        var pointers = unsafe [OpaquePointer?](repeating: nil, count: Self.mostCertificates)
        var found: Int32 = 0
        let result = unsafe text.withBytes { unsafe sluice_certificates_read($0, $1, &pointers, Int32(Self.mostCertificates), &found) }
        var certificates: [Certificate] = []
        var isOdd = false
        for index in 0..<Int(found) {
            guard let pointer = unsafe pointers[index], let certificate = unsafe Certificate(taking: pointer) else {
                isOdd = true
                continue
            }
            if !isOdd { certificates.append(certificate) }
        }
        self.path = path
        self.certificates = certificates
        switch Int(result) {
        case SLUICE_PEM_WELL where !isOdd: break
        case SLUICE_PEM_NONE: throw .noCertificate(in: text, path)
        case SLUICE_PEM_TOO_MANY:
            throw CertificateFault(
                .tooManyCertificates, path, "`\(path)` has more than \(Self.mostCertificates) certificates",
                remedy: "give the server's own and those between it and a root; this is not the place for a bundle of roots")
        default: throw .malformedCertificate(certificates.count + 1, path)
        }
    }

    /// Finds out that it begins with the certificate of the key.
    func checkKey(_ key: PrivateKey, _ keyPath: String) throws(CertificateFault) {
        switch key.belongs(to: certificates[0]) {
        case .yes: break
        case .broken:
            throw CertificateFault(
                .malformedKey, keyPath, "the private key in `\(keyPath)` is damaged: the certificate does not verify what it signs",
                remedy: "restore it, or make a new key and a new certificate")
        case .no:
            guard let own = certificates.firstIndex(where: { key.belongs(to: $0) == .yes }) else {
                throw CertificateFault(
                    .keyMismatch, keyPath, "`\(keyPath)` does not belong to `\(path)`: the certificate's public key is another one",
                    remedy: "give the key that the certificate was requested with; if both files are being replaced, the second is still to come")
            }
            throw CertificateFault(
                .chainOrder, path, "`\(path)` does not begin with the server's own certificate: the one of the key is number \(own + 1), \(certificates[own].subject)",
                remedy: remedy(beginningWith: own))
        }
    }

    /// Finds out that it begins with the certificate of the key, and that each is signed by the next (RFC 5246 §7.4.2).
    func checkOrder(_ key: PrivateKey, _ keyPath: String) throws(CertificateFault) {
        try checkKey(key, keyPath)
        for (index, certificate) in certificates.enumerated().dropLast() {
            let next = certificates[index + 1]
            guard !next.issued(certificate) else { continue }
            throw CertificateFault(
                .chainOrder, path,
                "in `\(path)`, certificate \(index + 1) (\(certificate.subject)) is not signed by certificate \(index + 2) (\(next.subject)) but by \(certificate.issuer)",
                remedy: remedy(beginningWith: 0))
        }
    }

    /// How to mend the order: the places of those that make a chain, in their order.
    private func remedy(beginningWith first: Int) -> String {
        var order = [first]
        var rest = Array(certificates.indices.filter { $0 != first })
        while let last = order.last, !certificates[last].isSelfSigned,
            let place = rest.firstIndex(where: { certificates[$0].issued(certificates[last]) })
        {
            order.append(rest.remove(at: place))
        }
        let numbers = order.map { "\($0 + 1)" }.joined(separator: ", ")
        if rest.isEmpty { return "write them in the order \(numbers)" }
        let others = rest.map { "number \($0 + 1) (\(certificates[$0].subject))" }.joined(separator: " and ")
        return (order == [0] ? "keep the first" : "write them in the order \(numbers)") + ", and leave out \(others), which did not sign the others"
    }

    /// Those whose dates and signatures clients look at: a root at the end is none of them.
    private var counted: [(number: Int, certificate: Certificate)] {
        certificates.enumerated().filter { $0.offset == 0 || !$0.element.isSelfSigned }.map { ($0.offset + 1, $0.element) }
    }

    /// When the first of those that count expires, in seconds since 1970.
    var notAfter: Int64 { counted.map(\.certificate.notAfter).min() ?? certificates[0].notAfter }

    /// Finds out that all are good now.
    func checkDates(_ now: Int64) throws(CertificateFault) {
        for (number, certificate) in counted {
            let which = "certificate \(number) in `\(path)` (\(certificate.subject))"
            if certificate.notAfter < now {
                throw CertificateFault(.expired, path, "\(which) expired on \(utcText(certificate.notAfter))", remedy: "renew it")
            }
            if certificate.notBefore > now {
                throw CertificateFault(
                    .notYetValid, path, "\(which) is not valid before \(utcText(certificate.notBefore))", remedy: "wait, or set this machine's clock right: it is \(utcText(now))")
            }
        }
    }

    /// Finds out that clients take the server's own certificate, and the signatures on all.
    func checkStrength() throws(CertificateFault) {
        let own = certificates[0]
        let rsaBits = 2048...8192
        guard let kind = own.keyKind else {
            throw CertificateFault(
                .unsupportedKey, path, "the key of the certificate in `\(path)` is \(own.keyText)", remedy: "take ECDSA on P-256, P-384 or P-521, RSA, or Ed25519")
        }
        guard kind != .rsa || rsaBits.contains(own.keyBits) else {
            throw CertificateFault(
                .weakKey, path, "the key of the certificate in `\(path)` is \(own.keyText)",
                remedy: own.keyBits < rsaBits.lowerBound ? "take one of 2048 bits or more, or ECDSA" : "take one of 8192 bits or less: each connection costs a signature")
        }
        guard own.isForServers else {
            throw CertificateFault(
                .notForServers, path, "the certificate in `\(path)` is not made for servers", remedy: "request one whose key usage has digitalSignature and serverAuth")
        }
        guard !own.names.isEmpty else {
            throw CertificateFault(
                .noNames, path, "the certificate in `\(path)` has no names in subjectAltName" + (own.unusableNames.isEmpty ? "" : " that a client can match"),
                remedy: "request one with them; clients ignore the common name")
        }
        for (number, certificate) in counted where certificate.isWeaklySigned && !certificate.isSelfSigned {
            throw CertificateFault(
                .weakSignature, path, "certificate \(number) in `\(path)` (\(certificate.subject)) is signed with SHA-1 or MD5, which can be forged",
                remedy: "get it anew, signed with SHA-256")
        }
    }

    /// What is odd at a time in seconds since 1970.
    func warnings(at now: Int64) -> [CertificateWarning] {
        let own = certificates[0]
        var warnings: [CertificateWarning] = []
        if notAfter - now < 7 * 86_400 {
            warnings.append(CertificateWarning(.expiresSoon, "`\(path)` \(notAfter < now ? "expired" : "expires") on \(utcText(notAfter)): renew it"))
        }
        if own.isSelfSigned {
            warnings.append(CertificateWarning(.selfSigned, "the certificate in `\(path)` signed itself: only clients that were given it take it"))
        } else if certificates.count == 1 {
            warnings.append(
                CertificateWarning(
                    .intermediateMissing,
                    "`\(path)` has the server's own certificate only: clients that do not know \(own.issuer) refuse it; append the certificates of its issuers, but for the root"))
        }
        for (index, certificate) in certificates.enumerated() where certificate.isWeaklySigned {
            warnings.append(
                CertificateWarning(.weakSignature, "certificate \(index + 1) in `\(path)` (\(certificate.subject)) signed itself with SHA-1 or MD5"))
        }
        for name in own.unusableNames {
            warnings.append(CertificateWarning(.unusableName, "the certificate in `\(path)` has the name `\(name)`, which no client can match"))
        }
        return warnings
    }
}

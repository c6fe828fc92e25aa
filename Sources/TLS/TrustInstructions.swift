extension DevelopmentCertificate {
    /// What curl wants to trust it: `--cacert FILE`.
    public var curlOption: String { "--cacert \(shellQuoted(authorityPath))" }

    /// What is to be said of an authority that was made while the one before was trusted.
    public var authorityNotice: String {
        "the authority of the certificate for `localhost` was made anew, until \(utcText(authorityNotAfter)): who trusted the one before has to trust \(shellQuoted(authorityPath)) now"
    }

    /// How to make clients trust it, for the operator to read: several lines, none of them empty.
    ///
    /// - Parameter url: where it is served, `https://localhost:8443/`.
    public func trustInstructions(for url: String) -> String {
        let file = shellQuoted(authorityPath)
        return """
            \(url) has a development certificate, of an authority that only this machine has: \(authorityPath)
            (good for localhost, 127.0.0.1 and ::1, until \(utcText(authorityNotAfter))). To trust it:
              curl       curl \(curlOption) \(shellQuoted(url))
              Debian     sudo cp \(file) /usr/local/share/ca-certificates/sluice-development.crt && sudo update-ca-certificates
              Fedora     sudo trust anchor \(file)
              Chromium   certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n sluice-development -i \(file)   (Debian: libnss3-tools)
              Firefox    Settings, Privacy & Security, View Certificates, Authorities, Import
            Whoever reads ca-key.pem beside it can pose as localhost to those who trust it.
            """
    }
}

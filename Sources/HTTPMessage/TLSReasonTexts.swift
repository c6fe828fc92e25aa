extension Reason {
    /// The explanation of a reason that a TLS connection gave, to a client or to an app.
    var tlsExplanation: ReasonExplanation {
        switch self {
        case .requestHostMisdirected:
            .init(
                .client,
                """
                The connection was made for one server name, and the request is for a host whose rule about client \
                certificates is another. It must come on a connection of its own, so that no rule is passed by (RFC 9110 \
                §15.5.20).
                """,
                """
                Browsers and other clients that share connections between hosts ask again on a new one by themselves. Else the \
                client sends a Host that is not the name it connected to.
                """)
        case .tlsPlainHTTP:
            .init(
                .client,
                "A request of plain HTTP came to a listener with TLS. Nothing of it was looked at.",
                "Use https:// in the URL. To send people over by themselves, add a plain listener with the filter redirect.")
        case .tlsHandshakeTimeout:
            .init(
                .client,
                """
                The client opened a connection and did not finish its TLS handshake within handshake-timeout. The connection \
                was closed.
                """,
                """
                Normal in small numbers: scanners, and networks that lose packets. In large numbers it is an attack that holds \
                connections.
                """)
        case .tlsHandshakeFailed:
            .init(
                .client,
                "What the client sent is not TLS as it should be, or OpenSSL refused it for a reason that has no code of its own here.",
                "Try from another machine: openssl s_client -connect HOST:PORT -servername HOST. It says more than the server may.")
        case .tlsVersionUnsupported:
            .init(
                .client,
                """
                The client speaks only versions of TLS that the policy of the filter does not allow: 1.1 and older, or 1.2 \
                where it is modern.
                """,
                "Bring the client up to date. With policy = modern, intermediate allows TLS 1.2.")
        case .tlsCipherNone:
            .init(
                .client,
                """
                No cipher, group or kind of signature is spoken by both. An old client, or one that takes no certificates of \
                the kind that is served (ECDSA alone, say).
                """,
                "Bring the client up to date, or serve an RSA certificate beside the ECDSA one.")
        case .tlsProtocolNone:
            .init(
                .client,
                """
                The client said by ALPN which protocols it speaks, and none of them is one of the listener's `protocols`; or it said \
                nothing, which means HTTP/1.1, and that is not. It is not answered in a protocol that it did not mean.
                """,
                "Look which program connects: it means another service, or speaks what `protocols` leaves out.")
        case .tlsNameUnknown:
            .init(
                .client,
                "No certificate covers the server name that the client asked for (SNI), or it asked for none, and strict-sni is on.",
                """
                Add a certificate for the name, or point its DNS entry elsewhere. With strict-sni = off unknown names get the \
                first certificate.
                """)
        case .tlsClientCertificateMissing:
            .init(
                .client,
                """
                The server name's rule is client-certificate = required, and the client has none that the authorities it was \
                told of have signed.
                """,
                """
                Install the client's certificate and key in the client. Where only some paths need it: optional, and let the \
                app look at Client-Cert.
                """)
        case .tlsClientCertificateRefused:
            .init(
                .client,
                "The certificate that the client showed has expired, or was not signed by an authority of client-authorities.",
                """
                Look at the certificate: openssl x509 -in FILE -noout -dates -issuer. Intermediate certificates must be sent \
                by the client or stand in the file.
                """)
        case .tlsClientAlert:
            .init(
                .client,
                "The client does not accept the gateway's certificate: it does not know who signed it, or it is for another name.",
                """
                Look at the chain that is served: openssl s_client -connect HOST:PORT -servername HOST. With the development \
                certificate, let the client trust its authority.
                """)
        case .upstreamTLSFailed:
            .init(
                .app,
                """
                The app's port answered, but the TLS handshake could not be finished, or the app ended it with an alert: it does \
                not speak TLS there, has no version or cipher in common with the gateway, or wants a certificate that it was not \
                given. It has answered no request.
                """,
                """
                Does the app speak TLS at that port? Try from this machine: openssl s_client -connect HOST:PORT. If it does \
                not, write http:// in servers. If it asks for a certificate, name one with tls-certificate.
                """)
        case .upstreamTLSTimeout:
            .init(
                .app,
                "The app took the connection and did not finish the TLS handshake within connect-timeout.",
                "The app is overloaded, or does not speak TLS at that port and waits for a request.")
        case .upstreamTLSCertificateExpired:
            .init(
                .app,
                "The app's certificate, or one of its chain, is outside of its time by this machine's clock. No request was sent.",
                "Renew the app's certificate; look at this machine's clock.")
        case .upstreamTLSCertificateUntrusted:
            .init(
                .app,
                """
                No authority of tls-authorities (or of the system's store) has signed the app's certificate, or an \
                intermediate one is missing. No request was sent.
                """,
                "Give the file with the app's own authority as tls-authorities, or have the app send its whole chain.")
        case .upstreamTLSCertificateName:
            .init(
                .app,
                "The app's certificate does not have the name by which the app is asked for. No request was sent.",
                "Write the name of the certificate in servers, or say it with tls-name.")
        default: preconditionFailure("not a reason of TLS")
        }
    }
}

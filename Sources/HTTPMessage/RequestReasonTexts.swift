extension Reason {
    /// The explanation of a reason that a request gave.
    var requestExplanation: ReasonExplanation {
        switch self {
        case .requestLineMalformed:
            .init(
                .client,
                """
                The first line of a request must be a method, one space, a target, one space and the HTTP version. Another \
                shape can be read as a different request by the app than by the gateway. Nothing was sent to the app; the \
                connection was closed.
                """,
                """
                Find what sends it. Usual cases: a client that speaks TLS, HTTP/2 or another protocol to a plain HTTP \
                port, a port scanner, a space in a URL that was not encoded as %20.
                """)
        case .requestLineEnding:
            .init(
                .client,
                """
                Lines of an HTTP head end in CR LF. A CR or an LF alone ends a line for some programs and not for others, \
                which is how requests are smuggled. Nothing was sent to the app; the connection was closed.
                """,
                "Mend the client: it writes \"\\n\" where \"\\r\\n\" belongs.")
        case .requestVersionUnsupported:
            .init(
                .client,
                """
                The request line names an HTTP version that is not 1.0 or 1.1, or it is of one of those on a listener that speaks HTTP/2 \
                alone. What an HTTP/2 client begins a connection without TLS with is such a line, for a listener without `h2c`.
                """,
                "Mend the client, or allow what it speaks: `protocols = http/1.1 h2c` in the listener. See docs/http2.md.")
        case .requestMethodConnect:
            .init(
                .client,
                """
                CONNECT asks for a tunnel to any host, which forward proxies offer. Sluice stands in front of known apps \
                and refuses it always.
                """,
                """
                Look who sends it: usually a scanner in search of open proxies, or a client that has this gateway set as \
                its forward proxy.
                """)
        case .requestUpgradeUnsupported:
            .init(
                .config,
                """
                An HTTP/2 client asked for a tunnel (extended CONNECT, RFC 8441), and what it asked answers in a way that would tell it that \
                the tunnel is open: a filter, or the demo app. Tunnels for HTTP/2 itself are refused as well: they would pass every rule.
                """,
                """
                Look at the path that the client asks for: an app opens WebSockets, and nothing else. `sluice explain` says which filters and \
                which app a path leads to.
                """)
        case .requestTargetMalformed:
            .init(
                .client,
                """
                The target must be a path that starts with "/", an http or https URL, or "*" with OPTIONS; without spaces, \
                control bytes, bytes above 0x7E, "#" or a "%" that two hexadecimal digits do not follow. This one is none \
                of these. Nothing was sent to the app.
                """,
                "Mend the client: it must percent-encode what is not allowed in a URL.")
        case .requestTargetAmbiguous:
            .init(
                .client,
                """
                The path holds dot segments, an encoded slash or backslash, or another spelling that one program takes for \
                one path and another program for a different one. A route or a rule of the app could be passed by that \
                way. Nothing was sent to the app.
                """,
                """
                Mend the client to send the plain path. If the app needs such spellings in a path (an encoded slash in a \
                name, say), move the name into the query.
                """)
        case .requestTargetTooLong:
            .init(
                .client,
                "The request target is longer than the listener allows.",
                "Mend the client to send less in the URL (a POST body holds more), or raise max-target of the listener.")
        case .requestHeadTooLarge:
            .init(
                .client,
                """
                The request line and the fields together are larger than the listener allows. Nearly always cookies are \
                what grew.
                """,
                "Delete this site's cookies in the client and find what sets so many; or raise max-head of the listener.")
        case .requestHeadTooManyFields:
            .init(
                .client,
                "The request has more field lines than the listener allows.",
                "Find what adds them: a loop of proxies does, among others. Or raise max-fields of the listener.")
        case .requestHeadTimeout:
            .init(
                .client,
                """
                The client opened a connection or began a request, but its head was not complete in time. The connection \
                was closed.
                """,
                """
                Single cases are slow networks and browsers that open connections in advance. Many from one address are an \
                attack that holds connections open: limit connections from there. The time is head-timeout of the \
                listener.
                """)
        case .requestFieldMalformed:
            .init(
                .client,
                """
                A field line has no colon, an empty name, a byte in its name that is not allowed there, or white space \
                before the colon. Programs disagree on what such a line means. Nothing was sent to the app; the connection \
                was closed.
                """,
                "Mend the client.")
        case .requestFieldFolded:
            .init(
                .client,
                """
                A field value goes on in the next line, which begins with white space. RFC 9112 withdrew this form, \
                because programs disagree on it. Nothing was sent to the app; the connection was closed.
                """,
                "Mend the client: one line a field.")
        case .requestFieldControl:
            .init(
                .client,
                """
                A field value holds a control byte other than a tab: NUL or a CR in the middle, say. Nothing was sent to \
                the app; the connection was closed.
                """,
                "Mend the client; if it copies user input into fields, it must check it.")
        case .requestHostMissing:
            .init(
                .client,
                "An HTTP/1.1 request must have a Host field. Without it the gateway cannot know which site is asked for.",
                "Mend the client.")
        case .requestHostRepeated:
            .init(
                .client,
                "The request has two Host fields, and the gateway could choose another one than the app.",
                "Mend the client.")
        case .requestHostMalformed:
            .init(
                .client,
                """
                The Host field is not a name or an address with an optional port; or the target is a URL with a host of \
                its own, and that is another one.
                """,
                "Mend the client. User names (\"user@\"), lists and spaces are not allowed in Host.")
        case .requestLengthMalformed:
            .init(
                .client,
                """
                Content-Length must be one decimal number that fits 63 bits. This one is empty, signed, a list, too large \
                or no number. Nothing was sent to the app; the connection was closed.
                """,
                "Mend the client.")
        case .requestLengthRepeated:
            .init(
                .client,
                """
                The request has several Content-Length fields. Even equal ones are refused: what reads the next one may \
                choose differently.
                """,
                "Mend the client, or the proxy between it and the gateway that adds one.")
        case .requestLengthWithTransferCoding:
            .init(
                .client,
                """
                Content-Length and Transfer-Encoding each say where the body ends. A request with both is the classic \
                means to smuggle a second request past a proxy. Nothing was sent to the app; the connection was closed.
                """,
                "Mend the client. If you do not know what sends it, treat it as an attack.")
        case .requestTransferCodingUnsupported:
            .init(
                .client,
                "Transfer-Encoding must be one field that says \"chunked\" and nothing else.",
                "Mend the client. Compressed bodies are named in Content-Encoding, not here.")
        case .requestTransferCodingVersion:
            .init(
                .client,
                "HTTP/1.0 has no Transfer-Encoding; programs disagree on what it then means.",
                "Mend the client: HTTP/1.1, or Content-Length.")
        case .requestExpectationUnsupported:
            .init(
                .client,
                "Expect asks for something other than \"100-continue\", the only expectation there is.",
                "Mend the client.")
        case .requestChunkMalformed:
            .init(
                .client,
                """
                The chunked body has a bad chunk size, a chunk extension that does not parse, or no CR LF where it must \
                be. The connections to the client and to the app were closed: where the body would end is unknown.
                """,
                "Mend the client.")
        case .requestTrailerMalformed:
            .init(
                .client,
                "The trailer fields behind the chunked body do not parse, or are larger than a head may be.",
                "Mend the client.")
        case .requestTrailerForbidden:
            .init(
                .client,
                """
                A trailer field carries what belongs in a head: framing, routing or credentials. What adds trailers to the \
                head would then take it for real.
                """,
                "Mend the client to send this field in the head.")
        case .requestBodyTooLarge:
            .init(
                .client,
                "The body is, or by its Content-Length would be, larger than the listener allows. The rest was not read.",
                "Send less, or raise max-body of the listener.")
        case .requestBodyTimeout:
            .init(
                .client,
                """
                The client sent part of the body and then nothing for body-timeout of the listener. The app's connection \
                was closed too.
                """,
                """
                Usually a broken network or a client that was suspended. If uploads stall for good reasons, raise \
                body-timeout.
                """)
        case .requestBodyTooSlow:
            .init(
                .client,
                """
                The client keeps sending, but below min-body-rate of the listener, for longer than min-rate-grace. That is \
                how slow-body attacks hold connections open.
                """,
                "If it is a client on a very slow network, lower the rate, or set it to off.")
        case .requestBodyUnexpected:
            .init(
                .client,
                """
                A TRACE request must have no body (RFC 9110, section 9.3.8), and programs disagree on what to do with one \
                that has. Nothing was sent to the app; the connection was closed.
                """,
                "Mend the client. If you do not know what sends it, treat it as an attack.")
        case .requestPseudoFieldMalformed:
            .init(
                .client,
                """
                An HTTP/2 request must begin with :method, :scheme and :path, each once, before every other field, and \
                with :protocol only for CONNECT. This one does not, or one of them holds bytes that HTTP/1 would read as \
                something else. Nothing was sent to the app; the stream was reset.
                """,
                "Mend the client.")
        case .requestFieldConnectionSpecific:
            .init(
                .client,
                """
                Connection, Keep-Alive, Proxy-Connection, Transfer-Encoding, Upgrade, and TE with anything but \
                "trailers" have no place in HTTP/2. Passed on to an app over HTTP/1 they would change where the request \
                ends. The stream was reset.
                """,
                "Mend the client. If you do not know what sends it, treat it as an attack.")
        case .requestLengthMismatch:
            .init(
                .client,
                """
                The DATA frames of the stream carry more or fewer bytes than Content-Length announced. Passed on over \
                HTTP/1 the difference would be another request. The stream was reset, and the app's connection closed.
                """,
                "Mend the client. If you do not know what sends it, treat it as an attack.")
        default:
            preconditionFailure("not a reason of a request")
        }
    }
}

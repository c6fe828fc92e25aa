extension Reason {
    /// The explanation of a reason that an app gave.
    var upstreamExplanation: ReasonExplanation {
        switch self {
        case .upstreamResolveFailed:
            .init(
                .app,
                "The name of the app server has no address, or no name server answered in time.",
                """
                Look the name up on this machine: getent hosts NAME. Check the "servers" line of the app in gateway.conf \
                and /etc/resolv.conf.
                """)
        case .upstreamConnectRefused:
            .init(
                .app,
                """
                The machine of the app answered, but nothing listens at that port or socket path. All servers that were \
                tried, as far as the tries go, failed.
                """,
                """
                Is the app running, and at that port? Try: curl -v http://ADDRESS/ from this machine. The access log names \
                the server.
                """)
        case .upstreamConnectFailed:
            .init(
                .app,
                """
                No connection to the app came about: no route to its network, no permission for its socket path, or no \
                local port free.
                """,
                """
                Check the network on the way, the rights on the socket path (the gateway's user must be allowed to write \
                it) and the number of open descriptors.
                """)
        case .upstreamConnectTimeout:
            .init(
                .app,
                """
                The app's machine did not answer the attempt to connect in time: it is down, a firewall drops the packets, \
                or the app's queue of new connections is full.
                """,
                """
                Try from this machine: curl -v http://ADDRESS/. An app that is merely slow to accept needs more workers; \
                or raise connect-timeout of the app.
                """)
        case .upstreamQueueFull:
            .init(
                .config,
                """
                All connections that the app may have are in use, and as many requests wait as may wait. This one was \
                refused at once rather than made to wait in vain.
                """,
                """
                The app is slower than the requests come in. Look at its speed first; then raise max-connections or \
                queue-length of the app.
                """)
        case .upstreamQueueTimeout:
            .init(
                .config,
                "All connections that the app may have stayed in use while this request waited for queue-timeout.",
                """
                The app is slower than the requests come in. Look at its speed first; then raise max-connections or \
                queue-timeout of the app.
                """)
        case .upstreamResponseTimeout:
            .init(
                .app,
                """
                The request was sent, and the app did not begin to answer in time. The request may have been carried out \
                all the same; it was not sent again.
                """,
                "Find what the app is waiting for. If it really needs so long, raise response-timeout of the app.")
        case .upstreamResponseClosed:
            .init(
                .app,
                """
                The app closed the connection before its response was complete, or before it began, and sending the \
                request once more was not allowed or did not help.
                """,
                """
                Look at the app's log for a crash or a restart at this time. An app that closes idle connections after a \
                few seconds should keep them for longer than idle-timeout of the app's section.
                """)
        case .upstreamResponseReset:
            .init(
                .app,
                """
                The app's side reset the connection before its response was complete: it crashed, it was killed, or it \
                closed with unread bytes.
                """,
                """
                Look at the app's log for a crash or a restart at this time. An app that answers without reading the \
                request body also does this.
                """)
        case .upstreamResponseMalformed:
            .init(
                .app,
                """
                The head of the app's response is not correct HTTP/1: the status line, a field or a line ending. Passing \
                it on could poison other answers. It was thrown away, and the connection to the app closed.
                """,
                "Look at what the app sends: curl -v --http1.1 http://ADDRESS/. Often a newline got into a field's value.")
        case .upstreamResponseHeadTooLarge:
            .init(
                .app,
                "The head of the app's response is larger than the gateway takes, or has too many fields.",
                "Find what grew: usually Set-Cookie or a policy field.")
        case .upstreamResponseLengthMalformed:
            .init(
                .app,
                "Content-Length of the app's response is not one decimal number, or is there several times.",
                "Mend the app, or what adds a second Content-Length to its answers.")
        case .upstreamResponseFramingAmbiguous:
            .init(
                .app,
                "The app's response has both Content-Length and Transfer-Encoding; where it ends is not certain.",
                "Mend the app: one of the two.")
        case .upstreamResponseTransferCodingUnsupported:
            .init(
                .app,
                "Transfer-Encoding of the app's response is not a single \"chunked\", or it came with HTTP/1.0.",
                "Mend the app.")
        case .upstreamResponseUpgradeIgnored:
            .init(
                .app,
                """
                An HTTP/2 client asked for a tunnel (extended CONNECT), which the app got as an upgrade of HTTP/1.1. It answered with a \
                status of 2xx instead of 101 or a refusal, and to the client that would mean that the tunnel is open.
                """,
                "Have the app answer 101, or refuse with a status of 4xx; or let no WebSockets come to it.")
        case .upstreamUpgradeUnsupported:
            .init(
                .config,
                """
                The client asked for a WebSocket, and its app is spoken to by HTTP/2, where that takes an extended CONNECT (RFC 8441). The app's \
                SETTINGS do not offer it (SETTINGS_ENABLE_CONNECT_PROTOCOL), so it was not asked.
                """,
                """
                If the app's server can do it, switch it on there. If not, give the paths of WebSockets an app of their own with \
                `protocol = http/1.1`, or say `protocol = auto` where the app speaks both by TLS.
                """)
        case .upstreamResponseUpgradeUnexpected:
            .init(
                .app,
                """
                The app answered 101 to a request that did not ask for an upgrade, or for another one. The connection to \
                the app was closed.
                """,
                "Mend the app.")
        case .upstreamResponseInterimFlood:
            .init(
                .app,
                "The app sent more interim responses (1xx) to one request than the gateway passes on.",
                "Mend the app.")
        case .upstreamResponseChunkMalformed:
            .init(
                .app,
                """
                A chunk of the app's response does not parse. The client has part of the body; its connection was closed, \
                so that it can tell.
                """,
                "Mend the app.")
        case .upstreamResponseTrailerMalformed:
            .init(
                .app,
                """
                The trailer fields behind the app's chunked response do not parse, are too large, or carry what belongs in \
                a head.
                """,
                "Mend the app.")
        case .upstreamResponseBodyTimeout:
            .init(
                .app,
                """
                The app began its response body and then sent nothing for body-timeout of the app's section. The client \
                has part of it; its connection was closed, so that it can tell.
                """,
                """
                Find what the app is waiting for. A stream that is silent for long must send something now and then (a \
                comment line in server-sent events), or needs a longer time-out.
                """)
        case .upstreamSendTimeout:
            .init(
                .app,
                "The app stopped reading the request: no byte of it could be sent for send-timeout.",
                "Find why the app does not read. If it needs long pauses, raise send-timeout of the app.")
        case .upstreamResponseLengthMismatch:
            .init(
                .app,
                """
                The DATA frames of the app's stream carry more or fewer bytes than Content-Length announced. The stream \
                was reset.
                """,
                "Mend the app.")
        case .upstreamStreamRefused:
            .init(
                .app,
                """
                The app reset the stream with REFUSED_STREAM, or its GOAWAY says that it will not be looked at. The \
                request had no effect.
                """,
                "Normal while an app restarts. In large numbers, look whether the app allows fewer streams than it says.")
        case .upstreamProtocolBroken:
            .init(
                .app,
                """
                A frame of the app is malformed, or stands where the protocol does not allow it. The connection was \
                closed with GOAWAY, and all its streams with it.
                """,
                "Mend the app, or look whether something between it and the gateway speaks another protocol.")
        case .upstreamProtocolFlood:
            .init(
                .app,
                """
                The app sent so many frames which carry nothing (SETTINGS, PING, empty DATA, fields without end) that \
                the connection was closed with GOAWAY, and all its streams with it.
                """,
                "Mend the app.")
        default:
            preconditionFailure("not a reason of an app")
        }
    }
}

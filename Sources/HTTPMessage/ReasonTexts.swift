extension Reason {
    /// What it means, where to look first and what to do.
    public var explanation: ReasonExplanation {
        switch self {
        case .requestLineMalformed, .requestLineEnding, .requestVersionUnsupported, .requestMethodConnect,
            .requestTargetMalformed, .requestTargetAmbiguous, .requestTargetTooLong, .requestHeadTooLarge,
            .requestHeadTooManyFields, .requestHeadTimeout, .requestFieldMalformed, .requestFieldFolded,
            .requestFieldControl, .requestHostMissing, .requestHostRepeated, .requestHostMalformed,
            .requestLengthMalformed, .requestLengthRepeated, .requestLengthWithTransferCoding,
            .requestTransferCodingUnsupported, .requestTransferCodingVersion, .requestExpectationUnsupported,
            .requestChunkMalformed, .requestTrailerMalformed, .requestTrailerForbidden, .requestBodyTooLarge,
            .requestBodyTimeout, .requestBodyTooSlow, .requestBodyUnexpected, .requestPseudoFieldMalformed, .requestFieldConnectionSpecific,
            .requestLengthMismatch, .requestUpgradeUnsupported:
            requestExplanation
        case .upstreamResponseTooLarge:
            .init(
                .app,
                """
                The body of the app's response is larger than the `max-response-body` of a size-limit filter. If the app said so at once, the \
                client got 502; otherwise the response was broken off when it had grown above the limit, in a way that the client can tell.
                """,
                """
                If the app should send so much, raise the option, or take the route out of the filter's pipeline. Otherwise look why the app \
                does not stop.
                """)
        case .upstreamResolveFailed, .upstreamConnectRefused, .upstreamConnectFailed, .upstreamConnectTimeout,
            .upstreamQueueFull, .upstreamQueueTimeout, .upstreamResponseTimeout, .upstreamResponseClosed,
            .upstreamResponseReset, .upstreamResponseMalformed, .upstreamResponseHeadTooLarge,
            .upstreamResponseLengthMalformed, .upstreamResponseFramingAmbiguous,
            .upstreamResponseTransferCodingUnsupported, .upstreamResponseUpgradeUnexpected, .upstreamResponseUpgradeIgnored,
            .upstreamResponseInterimFlood, .upstreamResponseChunkMalformed, .upstreamResponseTrailerMalformed,
            .upstreamResponseBodyTimeout, .upstreamSendTimeout, .upstreamResponseLengthMismatch, .upstreamStreamRefused,
            .upstreamProtocolBroken, .upstreamProtocolFlood, .upstreamUpgradeUnsupported:
            upstreamExplanation
        case .requestHostMisdirected, .tlsPlainHTTP, .tlsHandshakeTimeout, .tlsHandshakeFailed, .tlsVersionUnsupported,
            .tlsCipherNone, .tlsProtocolNone, .tlsNameUnknown, .tlsClientCertificateMissing, .tlsClientCertificateRefused,
            .tlsClientAlert, .upstreamTLSFailed, .upstreamTLSTimeout, .upstreamTLSCertificateExpired, .upstreamTLSCertificateUntrusted, .upstreamTLSCertificateName:
            tlsExplanation
        case .clientProtocolBroken, .clientFloodResets, .clientFloodFaults, .clientFloodContinuations, .clientFloodFields,
            .clientFloodSettings, .clientFloodPings, .clientFloodPriorities, .clientFloodEmptyFrames,
            .clientFloodWindowUpdates, .clientFloodUnknownFrames, .clientFloodReplies,
            .clientWindowTooSlow:
            streamReasonExplanation
        case .prologueTimeout:
            .init(
                .client,
                """
                A filter of the listener reads a header from the proxy in front before anything else, and it did not come whole within \
                the filter's timeout. The connection was closed without an answer.
                """,
                """
                See that what connects sends that header at once: a load balancer whose health check only opens a connection sends \
                none, and closes it sooner. A header that comes byte by byte is an attack.
                """)
        case .prologueTooLong:
            .init(
                .client,
                """
                A filter of the listener reads a header from the proxy in front before anything else, and it has more bytes than the \
                filter takes. The connection was closed without an answer.
                """,
                "See what the proxy in front sends.")
        case .routeNone:
            .init(
                .config,
                "No route of the router matches the host and the path of the request.",
                """
                Compare the request's Host and path with the router in gateway.conf. A route without a host matches every \
                host; the path "/" matches every path.
                """)
        case .filterAskFailed:
            .init(
                .config,
                """
                A filter asks another service before it lets a request through, and that failed. Its section says \
                `on-failure = closed`, so the request was answered with 503.
                """,
                """
                The access log says in `cause` what failed: `sluice why` explains that code, too. If requests may pass without its answer, say `on-failure = open` in \
                the filter's section.
                """)
        case .filterAskTimeout:
            .init(
                .config,
                """
                A filter asks another service before it lets a request through, and the answer took longer than ask-timeout. Its \
                section says `on-failure = closed`, so the request was answered with 503.
                """,
                """
                Look why the service that the filter asks is slow: the access log says in `cause` what it was waited for. Raise ask-timeout, or say `on-failure = open` if requests may \
                pass without its answer.
                """)
        case .filterAskAnswer:
            .init(
                .config,
                """
                The service that a filter asks answered, and the filter cannot decide by that: a 5xx status, say, or a body that is broken \
                off. It is the `cause` in the access log beside the reason `filter.ask.failed`.
                """,
                """
                Look at the log of the service that the filter asks.
                """)
        case .filterTransformFailed:
            .init(
                .client,
                """
                A filter that transforms bodies (decompression, say) could not go on. A request was answered with 400; a response \
                that had begun was broken off.
                """,
                """
                Look whether the body is what its Content-Encoding says. The pipeline of the route names the filters; try without the \
                one that transforms.
                """)
        case .gatewayDraining:
            .init(
                .nobody,
                "The gateway is shutting down: it finishes what it has begun and takes nothing new.",
                "Ask again: whatever took its place will answer. If nothing did, look at who stopped it.")
        case .gatewayConnectionsFull:
            .init(
                .config,
                "The listener has as many connections as it may have.",
                """
                Many idle connections: shorten keep-alive-timeout. Many from one address: an attack. Else raise \
                max-connections of the listener, and the process's number of open files with it.
                """)
        case .gatewayHeadTooLarge:
            .init(
                .config,
                "The head together with the fields that the gateway adds does not fit the buffer in which it is written.",
                """
                Make the head smaller: usually cookies. The limit for heads leaves room for what the gateway adds unless \
                it is set to its highest.
                """)
        case .gatewayError:
            .init(
                .gateway,
                "The gateway could not carry on, for want of memory or descriptors or for a fault of its own.",
                "Look at its own log. Without an explanation there, please report it, with the access-log line.")
        case .clientClosed:
            .init(
                .client,
                "The client closed its connection before the response was complete. The app's work was broken off.",
                """
                Normal in small numbers: people leave pages. In large numbers, look at how long the answers take ("first" \
                and "total" in the access log).
                """)
        case .clientReset:
            .init(
                .client,
                "The client's side reset its connection before the response was complete.",
                """
                Normal in small numbers. In large numbers, look for a load balancer or a firewall in front with a shorter \
                time-out than the gateway's.
                """)
        case .clientWriteTimeout:
            .init(
                .client,
                "The client took no byte of the response for write-timeout of the listener. The connection was closed.",
                "Usually a client that vanished from its network. If clients pause on purpose, raise write-timeout.")
        case .clientWriteTooSlow:
            .init(
                .client,
                """
                The client takes the response below min-write-rate of the listener, for longer than min-rate-grace. That \
                is how slow-read attacks hold memory.
                """,
                "If it is a client on a very slow network, lower the rate, or set it to off.")
        case .clientIdle:
            .init(
                .nobody,
                "The kept connection carried no request for keep-alive-timeout and was closed. Every client expects that.",
                "Nothing.")
        case .tunnelIdle:
            .init(
                .nobody,
                """
                Neither side of the tunnel (a WebSocket, say) sent anything for tunnel-timeout of the app; both \
                connections were closed.
                """,
                "Let the app or the client send pings more often than that, or raise tunnel-timeout.")
        }
    }
}

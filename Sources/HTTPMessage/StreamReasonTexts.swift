extension Reason {
    /// The explanation of a reason that ends an HTTP/2 connection of a client.
    var streamReasonExplanation: ReasonExplanation {
        switch self {
        case .clientProtocolBroken:
            .init(
                .client,
                """
                A frame of the client is malformed, or stands where the protocol does not allow it. The connection was \
                closed with GOAWAY, and all its streams with it.
                """,
                "Mend the client. Single cases are scanners, or clients that speak another protocol.")
        case .clientFloodResets:
            .init(
                .client,
                """
                The client opened streams and reset them before they were answered, over and over: the rapid-reset \
                attack (CVE-2023-44487). The connection was closed with GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodFaults:
            .init(
                .client,
                """
                The client sent malformed requests, or broke the flow control of its streams, so that the gateway had to \
                reset them, over and over: the attack called MadeYouReset (CVE-2025-8671). The connection was closed \
                with GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodContinuations:
            .init(
                .client,
                """
                The client spread one head over more CONTINUATION frames, or over more bytes, than a connection may \
                (CVE-2024-27316 and others). The connection was closed with GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodFields:
            .init(
                .client,
                """
                The client sent a small compressed head that stands for a very large one. The connection was closed with \
                GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodSettings:
            .init(
                .client,
                """
                The client sent SETTINGS frames over and over, each of which must be answered (CVE-2019-9515). The \
                connection was closed with GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodPings:
            .init(
                .client,
                """
                The client sent PING frames over and over, each of which must be answered (CVE-2019-9512). The \
                connection was closed with GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodPriorities:
            .init(
                .client,
                """
                The client sent priority signals over and over (CVE-2019-9513). The connection was closed with GOAWAY \
                (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodEmptyFrames:
            .init(
                .client,
                """
                The client sent DATA frames without a byte in them over and over (CVE-2019-9518). The connection was \
                closed with GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodWindowUpdates:
            .init(
                .client,
                """
                The client sent WINDOW_UPDATE frames over and over, far more than the gateway had sent DATA frames. The \
                connection was closed with GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodUnknownFrames:
            .init(
                .client,
                """
                The client sent frames that mean nothing over and over. The connection was closed with GOAWAY \
                (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientFloodReplies:
            .init(
                .client,
                """
                The client kept sending frames that must be answered, and did not read the answers. The connection was \
                closed with GOAWAY (ENHANCE_YOUR_CALM).
                """,
                "It is an attack, or a client with a grave fault. The budgets are in docs/http2.md.")
        case .clientWindowTooSlow:
            .init(
                .client,
                """
                A response waited for the client, which did not open its flow-control windows for write-timeout of the listener, or \
                opened them by a few bytes at a time. That is how slow-read attacks hold memory. The stream was reset; the others of \
                its connection go on.
                """,
                "Usually a client that vanished from its network, or a download that is paused. If clients pause on purpose, raise write-timeout.")
        default:
            preconditionFailure("not a reason of a client's HTTP/2 connection")
        }
    }
}

import HTTPMessage

/// How an exchange ended, in four letters for the access log: who ended it, in which phase, over which connection to the app, and
/// what became of the client's connection. `--RK` is the usual good end: nobody broke it off, a pooled connection was used, the
/// client's was kept. The letters are listed in docs/access-log.md.
public struct EndState: Equatable, Sendable {
    /// Who ended the exchange before its regular end. A small letter means that this side let a time-out pass.
    public enum Party: UInt8, CaseIterable, Sendable {
        /// `-`: nobody; the response was sent whole.
        case nobody = 0x2D
        /// `C`: the client broke the exchange off, or sent what the gateway refuses.
        case client = 0x43
        /// `c`: the client was too slow.
        case clientTimeout = 0x63
        /// `A`: the app refused, broke off, or sent what the gateway does not pass on.
        case app = 0x41
        /// `a`: the app was too slow.
        case appTimeout = 0x61
        /// `G`: the gateway, by its own rules: no route, a limit, draining.
        case gateway = 0x47
        /// `E`: the gateway, because it failed.
        case error = 0x45
    }

    /// The phase that the exchange had reached when it ended.
    public enum Phase: UInt8, CaseIterable, Sendable {
        /// `-`: behind the last byte of the response.
        case complete = 0x2D
        /// `R`: reading and routing the request head.
        case requestHead = 0x52
        /// `Q`: waiting for a connection to the app to come free.
        case queue = 0x51
        /// `C`: connecting to the app.
        case connect = 0x43
        /// `B`: sending the request to the app, its body above all.
        case requestBody = 0x42
        /// `H`: waiting for the head of the app's response.
        case responseHead = 0x48
        /// `D`: passing the response body on.
        case responseBody = 0x44
        /// `T`: in a tunnel, after an upgrade.
        case tunnel = 0x54
    }

    /// Which connection to the app carried the exchange.
    public enum AppConnection: UInt8, CaseIterable, Sendable {
        /// `-`: none; the gateway answered by itself.
        case none = 0x2D
        /// `N`: a new one.
        case new = 0x4E
        /// `R`: one from the pool.
        case reused = 0x52
        /// `F`: a fresh one, after one from the pool had failed.
        case freshAfterRetry = 0x46
    }

    /// What became of the client's connection.
    public enum ClientConnection: UInt8, CaseIterable, Sendable {
        /// `K`: kept for the next request.
        case kept = 0x4B
        /// `C`: closed.
        case closed = 0x43
        /// `T`: it had become a tunnel.
        case tunnel = 0x54
    }

    public var party: Party
    public var phase: Phase
    public var appConnection: AppConnection
    public var clientConnection: ClientConnection

    /// By default the good end without an app: `---K`.
    @inlinable
    public init(
        party: Party = .nobody, phase: Phase = .complete, appConnection: AppConnection = .none,
        clientConnection: ClientConnection = .kept
    ) {
        self.party = party
        self.phase = phase
        self.appConnection = appConnection
        self.clientConnection = clientConnection
    }
}

extension EndState.Party {
    /// Who ended an exchange that ended for `reason`.
    public init(_ reason: Reason) {
        switch reason {
        case .requestHeadTimeout, .requestBodyTimeout, .requestBodyTooSlow, .clientWriteTimeout, .clientWriteTooSlow, .clientIdle,
            .prologueTimeout, .tlsHandshakeTimeout, .clientWindowTooSlow:
            self = .clientTimeout
        case .upstreamConnectTimeout, .upstreamResponseTimeout, .upstreamResponseBodyTimeout, .upstreamSendTimeout, .upstreamTLSTimeout:
            self = .appTimeout
        case .routeNone, .filterAskFailed, .filterAskTimeout, .filterAskAnswer, .filterTransformFailed, .upstreamQueueFull, .upstreamQueueTimeout, .gatewayDraining, .gatewayConnectionsFull, .gatewayHeadTooLarge,
            .tunnelIdle:
            self = .gateway
        case .gatewayError:
            self = .error
        case .requestLineMalformed, .requestLineEnding, .requestVersionUnsupported, .requestMethodConnect, .requestTargetMalformed,
            .requestTargetAmbiguous, .requestTargetTooLong, .requestHeadTooLarge, .requestHeadTooManyFields, .requestFieldMalformed,
            .requestFieldFolded, .requestFieldControl, .requestHostMissing, .requestHostRepeated, .requestHostMalformed,
            .requestLengthMalformed, .requestLengthRepeated, .requestLengthWithTransferCoding, .requestTransferCodingUnsupported,
            .requestTransferCodingVersion, .requestExpectationUnsupported, .requestChunkMalformed, .requestTrailerMalformed,
            .requestTrailerForbidden, .requestBodyTooLarge, .requestBodyUnexpected, .requestUpgradeUnsupported, .clientClosed, .clientReset,
            .requestHostMisdirected, .prologueTooLong, .tlsPlainHTTP, .tlsHandshakeFailed, .tlsVersionUnsupported, .tlsCipherNone,
            .tlsProtocolNone, .tlsNameUnknown, .tlsClientCertificateMissing, .tlsClientCertificateRefused, .tlsClientAlert,
            .requestPseudoFieldMalformed, .requestFieldConnectionSpecific, .requestLengthMismatch, .clientProtocolBroken,
            .clientFloodResets, .clientFloodFaults, .clientFloodContinuations, .clientFloodFields, .clientFloodSettings,
            .clientFloodPings, .clientFloodPriorities, .clientFloodEmptyFrames, .clientFloodWindowUpdates,
            .clientFloodUnknownFrames, .clientFloodReplies:
            self = .client
        case .upstreamResolveFailed, .upstreamConnectRefused, .upstreamConnectFailed, .upstreamResponseClosed, .upstreamResponseReset,
            .upstreamResponseMalformed, .upstreamResponseHeadTooLarge, .upstreamResponseLengthMalformed,
            .upstreamResponseFramingAmbiguous, .upstreamResponseTransferCodingUnsupported, .upstreamResponseUpgradeUnexpected, .upstreamResponseUpgradeIgnored,
            .upstreamResponseInterimFlood, .upstreamResponseTooLarge, .upstreamResponseChunkMalformed, .upstreamResponseTrailerMalformed,
            .upstreamTLSFailed, .upstreamTLSCertificateExpired, .upstreamTLSCertificateUntrusted,
            .upstreamTLSCertificateName, .upstreamResponseLengthMismatch, .upstreamStreamRefused, .upstreamProtocolBroken,
            .upstreamProtocolFlood, .upstreamUpgradeUnsupported:
            self = .app
        }
    }
}

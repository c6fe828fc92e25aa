/// Why the gateway answered by itself, or ended an exchange. Every such response carries its code in `Gateway-Reason`, in the
/// problem body (RFC 9457), in the access log and as a metric label; `sluice why CODE` explains it.
public enum Reason: UInt8, CaseIterable, Sendable {
    /// The request line is not METHOD SP TARGET SP HTTP-VERSION.
    case requestLineMalformed
    /// A line of the head ends in a bare CR or LF instead of CRLF.
    case requestLineEnding
    /// The HTTP version of the request is none, or none that the listener speaks.
    case requestVersionUnsupported
    /// CONNECT is refused: this is a gateway, not a forward proxy.
    case requestMethodConnect
    /// Nobody here speaks the protocol of an HTTP/2 client's tunnel.
    case requestUpgradeUnsupported
    /// The request target does not parse.
    case requestTargetMalformed
    /// The path has dot segments, encoded slashes or other spellings that two readers take for different paths.
    case requestTargetAmbiguous
    /// The request target is longer than the limit.
    case requestTargetTooLong
    /// The request head is larger than the limit.
    case requestHeadTooLarge
    /// The request has more fields than the limit.
    case requestHeadTooManyFields
    /// The request head did not arrive in time.
    case requestHeadTimeout
    /// A field line has no colon, an empty or bad name, or white space before the colon.
    case requestFieldMalformed
    /// A field value is folded over several lines.
    case requestFieldFolded
    /// A field value holds a control byte.
    case requestFieldControl
    /// The request has no Host field.
    case requestHostMissing
    /// The request has more than one Host field.
    case requestHostRepeated
    /// The Host field is not a host with an optional port.
    case requestHostMalformed
    /// A pseudo-field of the HTTP/2 request is missing, repeated, misplaced or malformed.
    case requestPseudoFieldMalformed
    /// The HTTP/2 request has a field that only HTTP/1 connections have.
    case requestFieldConnectionSpecific
    /// Content-Length is not a single decimal number.
    case requestLengthMalformed
    /// The request has more than one Content-Length.
    case requestLengthRepeated
    /// The HTTP/2 request body is not as long as its Content-Length says.
    case requestLengthMismatch
    /// The request has both Content-Length and Transfer-Encoding.
    case requestLengthWithTransferCoding
    /// Transfer-Encoding is anything but a single, final chunked.
    case requestTransferCodingUnsupported
    /// Transfer-Encoding on an HTTP/1.0 request.
    case requestTransferCodingVersion
    /// Expect holds something other than 100-continue.
    case requestExpectationUnsupported
    /// A request whose method allows no body (TRACE) has one.
    case requestBodyUnexpected
    /// A chunk size, chunk extension or chunk end is malformed.
    case requestChunkMalformed
    /// A trailer field line is malformed or the trailer section is too large.
    case requestTrailerMalformed
    /// A trailer carries framing, routing or authentication.
    case requestTrailerForbidden
    /// The request body is larger than the limit.
    case requestBodyTooLarge
    /// The request body stopped arriving.
    case requestBodyTimeout
    /// The request body arrives below the minimum rate.
    case requestBodyTooSlow
    /// The request is for a host that this TLS connection was not made for.
    case requestHostMisdirected
    /// What a filter reads before TLS and HTTP did not come in time.
    case prologueTimeout
    /// What a filter reads before TLS and HTTP does not end.
    case prologueTooLong
    /// The request came without TLS to a port that speaks TLS.
    case tlsPlainHTTP
    /// The TLS handshake did not end in time.
    case tlsHandshakeTimeout
    /// The TLS handshake failed.
    case tlsHandshakeFailed
    /// The client and the gateway have no version of TLS in common.
    case tlsVersionUnsupported
    /// The client and the gateway have no cipher or signature in common.
    case tlsCipherNone
    /// The client speaks no application protocol that is served here.
    case tlsProtocolNone
    /// The client asked for a server name that is not served here.
    case tlsNameUnknown
    /// The client showed no certificate, and one is required.
    case tlsClientCertificateMissing
    /// The client's certificate is not accepted.
    case tlsClientCertificateRefused
    /// The client ended the TLS handshake with an alert.
    case tlsClientAlert
    /// No route matches the host and path of the request.
    case routeNone
    /// A filter could not get the answer that it needs to decide.
    case filterAskFailed
    /// A filter did not get the answer that it needs to decide in time.
    case filterAskTimeout
    /// What a filter was answered is nothing that it can decide by.
    case filterAskAnswer
    /// A filter cannot transform the body.
    case filterTransformFailed
    /// The body of the response is larger than a filter allows.
    case upstreamResponseTooLarge
    /// The name of the app server cannot be resolved.
    case upstreamResolveFailed
    /// The app refused the connection.
    case upstreamConnectRefused
    /// The app cannot be reached.
    case upstreamConnectFailed
    /// The app did not accept the connection in time.
    case upstreamConnectTimeout
    /// All connections to the app are in use and the queue is full.
    case upstreamQueueFull
    /// All connections to the app stayed in use for the queue time-out.
    case upstreamQueueTimeout
    /// The app did not send its response head in time.
    case upstreamResponseTimeout
    /// The app closed the connection before its response was complete.
    case upstreamResponseClosed
    /// The app reset the connection before its response was complete.
    case upstreamResponseReset
    /// The head of the app's response is malformed.
    case upstreamResponseMalformed
    /// The head of the app's response is larger than the limit.
    case upstreamResponseHeadTooLarge
    /// Content-Length of the app's response is malformed or repeated.
    case upstreamResponseLengthMalformed
    /// The body of the app's HTTP/2 response is not as long as its Content-Length says.
    case upstreamResponseLengthMismatch
    /// The app's response has both Content-Length and Transfer-Encoding.
    case upstreamResponseFramingAmbiguous
    /// Transfer-Encoding of the app's response is anything but a single, final chunked.
    case upstreamResponseTransferCodingUnsupported
    /// The app switched protocols without being asked to.
    case upstreamResponseUpgradeUnexpected
    /// The app answered an HTTP/2 client's tunnel as if it were any request.
    case upstreamResponseUpgradeIgnored
    /// The app, which is spoken to by HTTP/2, opens no tunnels.
    case upstreamUpgradeUnsupported
    /// The app sent too many interim (1xx) responses.
    case upstreamResponseInterimFlood
    /// A chunk of the app's response is malformed.
    case upstreamResponseChunkMalformed
    /// A trailer of the app's response is malformed or not allowed.
    case upstreamResponseTrailerMalformed
    /// The app stopped sending the response body.
    case upstreamResponseBodyTimeout
    /// The app stopped taking the request body.
    case upstreamSendTimeout
    /// The TLS handshake with the app failed.
    case upstreamTLSFailed
    /// The TLS handshake with the app did not end in time.
    case upstreamTLSTimeout
    /// The app's certificate has expired or is not yet valid.
    case upstreamTLSCertificateExpired
    /// The app's certificate was signed by nobody who is trusted here.
    case upstreamTLSCertificateUntrusted
    /// The app's certificate is for another name.
    case upstreamTLSCertificateName
    /// The app refused the HTTP/2 stream before it looked at the request.
    case upstreamStreamRefused
    /// The app broke the HTTP/2 protocol.
    case upstreamProtocolBroken
    /// The app sent more HTTP/2 control frames than a connection may.
    case upstreamProtocolFlood
    /// The gateway is shutting down.
    case gatewayDraining
    /// The listener has all the connections it may have.
    case gatewayConnectionsFull
    /// The head with the gateway's own fields does not fit.
    case gatewayHeadTooLarge
    /// The gateway could not carry on.
    case gatewayError
    /// The client closed the connection before the response was complete.
    case clientClosed
    /// The client reset the connection before the response was complete.
    case clientReset
    /// The client stopped taking the response.
    case clientWriteTimeout
    /// The client takes the response below the minimum rate.
    case clientWriteTooSlow
    /// The client broke the HTTP/2 protocol.
    case clientProtocolBroken
    /// The client reset more HTTP/2 streams than a connection may.
    case clientFloodResets
    /// The client made the gateway reset more HTTP/2 streams than a connection may.
    case clientFloodFaults
    /// An HTTP/2 head came in more frames or bytes than it may.
    case clientFloodContinuations
    /// An HTTP/2 head unpacked to far more than the limit for heads.
    case clientFloodFields
    /// The client sent more SETTINGS frames than a connection may.
    case clientFloodSettings
    /// The client sent more PING frames than a connection may.
    case clientFloodPings
    /// The client sent more PRIORITY frames than a connection may.
    case clientFloodPriorities
    /// The client sent more empty DATA frames than a connection may.
    case clientFloodEmptyFrames
    /// The client sent more WINDOW_UPDATE frames than the data sent to it explain.
    case clientFloodWindowUpdates
    /// The client sent more HTTP/2 frames of unknown types than a connection may.
    case clientFloodUnknownFrames
    /// The client does not read the HTTP/2 control frames that its own frames call for.
    case clientFloodReplies
    /// The client opens its HTTP/2 windows too slowly.
    case clientWindowTooSlow
    /// The kept-alive connection was idle for the keep-alive time-out.
    case clientIdle
    /// Neither side of the tunnel sent anything for its idle time-out.
    case tunnelIdle

    /// The code as it is written everywhere: `upstream.connect.refused`.
    public var code: StaticString {
        switch self {
        case .requestLineMalformed: "request.line.malformed"
        case .requestLineEnding: "request.line-ending"
        case .requestVersionUnsupported: "request.version.unsupported"
        case .requestMethodConnect: "request.method.connect"
        case .requestUpgradeUnsupported: "request.upgrade.unsupported"
        case .requestTargetMalformed: "request.target.malformed"
        case .requestTargetAmbiguous: "request.target.ambiguous"
        case .requestTargetTooLong: "request.target.too-long"
        case .requestHeadTooLarge: "request.head.too-large"
        case .requestHeadTooManyFields: "request.head.too-many-fields"
        case .requestHeadTimeout: "request.head.timeout"
        case .requestFieldMalformed: "request.field.malformed"
        case .requestFieldFolded: "request.field.folded"
        case .requestFieldControl: "request.field.control"
        case .requestHostMissing: "request.host.missing"
        case .requestHostRepeated: "request.host.repeated"
        case .requestHostMalformed: "request.host.malformed"
        case .requestPseudoFieldMalformed: "request.pseudo-field.malformed"
        case .requestFieldConnectionSpecific: "request.field.connection-specific"
        case .requestLengthMalformed: "request.length.malformed"
        case .requestLengthRepeated: "request.length.repeated"
        case .requestLengthMismatch: "request.length.mismatch"
        case .requestLengthWithTransferCoding: "request.length.with-transfer-coding"
        case .requestTransferCodingUnsupported: "request.transfer-coding.unsupported"
        case .requestTransferCodingVersion: "request.transfer-coding.version"
        case .requestExpectationUnsupported: "request.expectation.unsupported"
        case .requestBodyUnexpected: "request.body.unexpected"
        case .requestChunkMalformed: "request.chunk.malformed"
        case .requestTrailerMalformed: "request.trailer.malformed"
        case .requestTrailerForbidden: "request.trailer.forbidden"
        case .requestBodyTooLarge: "request.body.too-large"
        case .requestBodyTimeout: "request.body.timeout"
        case .requestBodyTooSlow: "request.body.too-slow"
        case .routeNone: "route.none"
        case .filterAskFailed: "filter.ask.failed"
        case .filterAskTimeout: "filter.ask.timeout"
        case .filterAskAnswer: "filter.ask.answer"
        case .filterTransformFailed: "filter.transform.failed"
        case .upstreamResponseTooLarge: "upstream.response.too-large"
        case .upstreamResolveFailed: "upstream.resolve.failed"
        case .upstreamConnectRefused: "upstream.connect.refused"
        case .upstreamConnectFailed: "upstream.connect.failed"
        case .upstreamConnectTimeout: "upstream.connect.timeout"
        case .upstreamQueueFull: "upstream.queue.full"
        case .upstreamQueueTimeout: "upstream.queue.timeout"
        case .upstreamResponseTimeout: "upstream.response.timeout"
        case .upstreamResponseClosed: "upstream.response.closed"
        case .upstreamResponseReset: "upstream.response.reset"
        case .upstreamResponseMalformed: "upstream.response.malformed"
        case .upstreamResponseHeadTooLarge: "upstream.response.head.too-large"
        case .upstreamResponseLengthMalformed: "upstream.response.length.malformed"
        case .upstreamResponseLengthMismatch: "upstream.response.length.mismatch"
        case .upstreamResponseFramingAmbiguous: "upstream.response.framing.ambiguous"
        case .upstreamResponseTransferCodingUnsupported: "upstream.response.transfer-coding.unsupported"
        case .upstreamResponseUpgradeUnexpected: "upstream.response.upgrade.unexpected"
        case .upstreamResponseUpgradeIgnored: "upstream.response.upgrade.ignored"
        case .upstreamUpgradeUnsupported: "upstream.upgrade.unsupported"
        case .upstreamResponseInterimFlood: "upstream.response.interim.flood"
        case .upstreamResponseChunkMalformed: "upstream.response.chunk.malformed"
        case .upstreamResponseTrailerMalformed: "upstream.response.trailer.malformed"
        case .upstreamResponseBodyTimeout: "upstream.response.body.timeout"
        case .upstreamSendTimeout: "upstream.send.timeout"
        case .requestHostMisdirected: "request.host.misdirected"
        case .prologueTimeout: "prologue.timeout"
        case .prologueTooLong: "prologue.too-long"
        case .tlsPlainHTTP: "tls.plain-http"
        case .tlsHandshakeTimeout: "tls.handshake.timeout"
        case .tlsHandshakeFailed: "tls.handshake.failed"
        case .tlsVersionUnsupported: "tls.version.unsupported"
        case .tlsCipherNone: "tls.cipher.none"
        case .tlsProtocolNone: "tls.protocol.none"
        case .tlsNameUnknown: "tls.name.unknown"
        case .tlsClientCertificateMissing: "tls.client-certificate.missing"
        case .tlsClientCertificateRefused: "tls.client-certificate.refused"
        case .tlsClientAlert: "tls.client.alert"
        case .upstreamTLSFailed: "upstream.tls.failed"
        case .upstreamTLSTimeout: "upstream.tls.timeout"
        case .upstreamTLSCertificateExpired: "upstream.tls.certificate.expired"
        case .upstreamTLSCertificateUntrusted: "upstream.tls.certificate.untrusted"
        case .upstreamTLSCertificateName: "upstream.tls.certificate.name"
        case .upstreamStreamRefused: "upstream.stream.refused"
        case .upstreamProtocolBroken: "upstream.protocol.broken"
        case .upstreamProtocolFlood: "upstream.protocol.flood"
        case .gatewayDraining: "gateway.draining"
        case .gatewayConnectionsFull: "gateway.connections.full"
        case .gatewayHeadTooLarge: "gateway.head.too-large"
        case .gatewayError: "gateway.error"
        case .clientClosed: "client.closed"
        case .clientReset: "client.reset"
        case .clientWriteTimeout: "client.write.timeout"
        case .clientWriteTooSlow: "client.write.too-slow"
        case .clientProtocolBroken: "client.protocol.broken"
        case .clientFloodResets: "client.flood.resets"
        case .clientFloodFaults: "client.flood.faults"
        case .clientFloodContinuations: "client.flood.continuations"
        case .clientFloodFields: "client.flood.fields"
        case .clientFloodSettings: "client.flood.settings"
        case .clientFloodPings: "client.flood.pings"
        case .clientFloodPriorities: "client.flood.priorities"
        case .clientFloodEmptyFrames: "client.flood.empty-frames"
        case .clientFloodWindowUpdates: "client.flood.window-updates"
        case .clientFloodUnknownFrames: "client.flood.unknown-frames"
        case .clientFloodReplies: "client.flood.replies"
        case .clientWindowTooSlow: "client.window.too-slow"
        case .clientIdle: "client.idle"
        case .tunnelIdle: "tunnel.idle"
        }
    }

    /// The status of the response that the gateway makes for it. 499 is only logged: nobody is left to read an answer.
    public var status: UInt16 {
        switch self {
        case .requestLineMalformed, .requestLineEnding, .requestTargetMalformed, .requestTargetAmbiguous,
            .requestFieldMalformed, .requestFieldFolded, .requestFieldControl, .requestHostMissing,
            .requestHostRepeated, .requestHostMalformed, .requestLengthMalformed, .requestLengthRepeated,
            .requestLengthWithTransferCoding, .requestTransferCodingUnsupported, .requestTransferCodingVersion,
            .requestBodyUnexpected, .requestChunkMalformed, .requestTrailerMalformed, .requestTrailerForbidden,
            .filterTransformFailed, .tlsPlainHTTP, .requestPseudoFieldMalformed, .requestFieldConnectionSpecific,
            .requestLengthMismatch: 400
        case .routeNone: 404
        case .requestMethodConnect: 405
        case .requestHeadTimeout, .requestBodyTimeout, .requestBodyTooSlow: 408
        case .requestBodyTooLarge: 413
        case .requestTargetTooLong: 414
        case .requestExpectationUnsupported: 417
        case .requestHostMisdirected: 421
        case .requestHeadTooLarge, .requestHeadTooManyFields: 431
        case .clientClosed, .clientReset, .clientWriteTimeout, .clientWriteTooSlow, .clientIdle, .tunnelIdle,
            .prologueTimeout, .prologueTooLong, .tlsHandshakeTimeout, .tlsHandshakeFailed, .tlsVersionUnsupported, .tlsCipherNone, .tlsProtocolNone,
            .tlsNameUnknown, .tlsClientCertificateMissing, .tlsClientCertificateRefused, .tlsClientAlert,
            .clientProtocolBroken, .clientFloodResets, .clientFloodFaults, .clientFloodContinuations, .clientFloodFields,
            .clientFloodSettings, .clientFloodPings, .clientFloodPriorities, .clientFloodEmptyFrames,
            .clientFloodWindowUpdates, .clientFloodUnknownFrames, .clientFloodReplies, .clientWindowTooSlow: 499
        case .gatewayError: 500
        case .requestUpgradeUnsupported, .upstreamUpgradeUnsupported: 501
        case .upstreamResolveFailed, .upstreamConnectRefused, .upstreamConnectFailed, .upstreamResponseClosed,
            .upstreamResponseReset, .upstreamResponseMalformed, .upstreamResponseHeadTooLarge,
            .upstreamResponseLengthMalformed, .upstreamResponseFramingAmbiguous,
            .upstreamResponseTransferCodingUnsupported, .upstreamResponseUpgradeUnexpected, .upstreamResponseUpgradeIgnored,
            .upstreamResponseInterimFlood, .upstreamResponseTooLarge, .upstreamResponseChunkMalformed, .upstreamResponseTrailerMalformed,
            .upstreamTLSFailed, .upstreamTLSCertificateExpired, .upstreamTLSCertificateUntrusted,
            .upstreamTLSCertificateName, .gatewayHeadTooLarge, .upstreamResponseLengthMismatch, .upstreamStreamRefused,
            .upstreamProtocolBroken, .upstreamProtocolFlood: 502
        case .filterAskFailed, .filterAskTimeout, .filterAskAnswer, .upstreamQueueFull, .upstreamQueueTimeout, .gatewayDraining,
            .gatewayConnectionsFull: 503
        case .upstreamConnectTimeout, .upstreamResponseTimeout, .upstreamResponseBodyTimeout, .upstreamSendTimeout,
            .upstreamTLSTimeout: 504
        case .requestVersionUnsupported: 505
        }
    }

    /// One sentence for people: the title of the problem body.
    public var title: StaticString {
        switch self {
        case .requestLineMalformed: "The request line is not METHOD SP TARGET SP HTTP-VERSION"
        case .requestLineEnding: "A line of the head ends in a bare CR or LF instead of CRLF"
        case .requestVersionUnsupported: "The HTTP version of the request is not spoken here"
        case .requestUpgradeUnsupported: "No tunnel of this protocol is to be had here"
        case .requestMethodConnect: "CONNECT is refused: this is a gateway, not a forward proxy"
        case .requestTargetMalformed: "The request target does not parse"
        case .requestTargetAmbiguous: "The path has dot segments, encoded slashes or other spellings that two readers take for different paths"
        case .requestTargetTooLong: "The request target is longer than the limit"
        case .requestHeadTooLarge: "The request head is larger than the limit"
        case .requestHeadTooManyFields: "The request has more fields than the limit"
        case .requestHeadTimeout: "The request head did not arrive in time"
        case .requestFieldMalformed: "A field line has no colon, an empty or bad name, or white space before the colon"
        case .requestFieldFolded: "A field value is folded over several lines"
        case .requestFieldControl: "A field value holds a control byte"
        case .requestHostMissing: "The request has no Host field"
        case .requestHostRepeated: "The request has more than one Host field"
        case .requestHostMalformed: "The Host field is not a host with an optional port"
        case .requestPseudoFieldMalformed: "A pseudo-field of the HTTP/2 request is missing, repeated, misplaced or malformed"
        case .requestFieldConnectionSpecific: "The HTTP/2 request has a field that only HTTP/1 connections have"
        case .requestLengthMalformed: "Content-Length is not a single decimal number"
        case .requestLengthRepeated: "The request has more than one Content-Length"
        case .requestLengthMismatch: "The HTTP/2 request body is not as long as its Content-Length says"
        case .requestLengthWithTransferCoding: "The request has both Content-Length and Transfer-Encoding"
        case .requestTransferCodingUnsupported: "Transfer-Encoding is anything but a single, final chunked"
        case .requestTransferCodingVersion: "Transfer-Encoding on an HTTP/1.0 request"
        case .requestExpectationUnsupported: "Expect holds something other than 100-continue"
        case .requestBodyUnexpected: "A request whose method allows no body (TRACE) has one"
        case .requestChunkMalformed: "A chunk size, chunk extension or chunk end is malformed"
        case .requestTrailerMalformed: "A trailer field line is malformed or the trailer section is too large"
        case .requestTrailerForbidden: "A trailer carries framing, routing or authentication"
        case .requestBodyTooLarge: "The request body is larger than the limit"
        case .requestBodyTimeout: "The request body stopped arriving"
        case .requestBodyTooSlow: "The request body arrives below the minimum rate"
        case .routeNone: "No route matches the host and path of the request"
        case .filterAskFailed: "A filter could not get the answer that it needs to decide"
        case .filterAskTimeout: "A filter did not get the answer that it needs to decide in time"
        case .filterAskAnswer: "The answer that a filter got is none that it can decide by"
        case .filterTransformFailed: "A filter cannot transform the body"
        case .upstreamResponseTooLarge: "The response of the app is larger than the limit"
        case .upstreamResolveFailed: "The name of the app server cannot be resolved"
        case .upstreamConnectRefused: "The app refused the connection"
        case .upstreamConnectFailed: "The app cannot be reached"
        case .upstreamConnectTimeout: "The app did not accept the connection in time"
        case .upstreamQueueFull: "All connections to the app are in use and the queue is full"
        case .upstreamQueueTimeout: "All connections to the app stayed in use for the queue time-out"
        case .upstreamResponseTimeout: "The app did not send its response head in time"
        case .upstreamResponseClosed: "The app closed the connection before its response was complete"
        case .upstreamResponseReset: "The app reset the connection before its response was complete"
        case .upstreamResponseMalformed: "The head of the app's response is malformed"
        case .upstreamResponseHeadTooLarge: "The head of the app's response is larger than the limit"
        case .upstreamResponseLengthMalformed: "Content-Length of the app's response is malformed or repeated"
        case .upstreamResponseLengthMismatch: "The body of the app's HTTP/2 response is not as long as its Content-Length says"
        case .upstreamResponseFramingAmbiguous: "The app's response has both Content-Length and Transfer-Encoding"
        case .upstreamResponseTransferCodingUnsupported: "Transfer-Encoding of the app's response is anything but a single, final chunked"
        case .upstreamResponseUpgradeUnexpected: "The app switched protocols without being asked to"
        case .upstreamUpgradeUnsupported: "The app opens no tunnels over HTTP/2"
        case .upstreamResponseUpgradeIgnored: "The app answered an HTTP/2 client's tunnel as if it were any request"
        case .upstreamResponseInterimFlood: "The app sent too many interim (1xx) responses"
        case .upstreamResponseChunkMalformed: "A chunk of the app's response is malformed"
        case .upstreamResponseTrailerMalformed: "A trailer of the app's response is malformed or not allowed"
        case .upstreamResponseBodyTimeout: "The app stopped sending the response body"
        case .upstreamSendTimeout: "The app stopped taking the request body"
        case .requestHostMisdirected: "The request is for a host that this TLS connection was not made for"
        case .prologueTimeout: "What stands before the request did not come in time"
        case .prologueTooLong: "What stands before the request does not end"
        case .tlsPlainHTTP: "The request came without TLS to a port that speaks TLS"
        case .tlsHandshakeTimeout: "The TLS handshake did not end in time"
        case .tlsHandshakeFailed: "The TLS handshake failed"
        case .tlsVersionUnsupported: "The client and the gateway have no version of TLS in common"
        case .tlsCipherNone: "The client and the gateway have no cipher or signature in common"
        case .tlsProtocolNone: "The client speaks no application protocol that is served here"
        case .tlsNameUnknown: "The client asked for a server name that is not served here"
        case .tlsClientCertificateMissing: "The client showed no certificate, and one is required"
        case .tlsClientCertificateRefused: "The client's certificate is not accepted"
        case .tlsClientAlert: "The client ended the TLS handshake with an alert"
        case .upstreamTLSFailed: "The TLS handshake with the app failed"
        case .upstreamTLSTimeout: "The TLS handshake with the app did not end in time"
        case .upstreamTLSCertificateExpired: "The app's certificate has expired or is not yet valid"
        case .upstreamTLSCertificateUntrusted: "The app's certificate was signed by nobody who is trusted here"
        case .upstreamTLSCertificateName: "The app's certificate is for another name"
        case .upstreamStreamRefused: "The app refused the HTTP/2 stream before it looked at the request"
        case .upstreamProtocolBroken: "The app broke the HTTP/2 protocol"
        case .upstreamProtocolFlood: "The app sent more HTTP/2 control frames than a connection may"
        case .gatewayDraining: "The gateway is shutting down"
        case .gatewayConnectionsFull: "The listener has all the connections it may have"
        case .gatewayHeadTooLarge: "The head with the gateway's own fields does not fit"
        case .gatewayError: "The gateway could not carry on"
        case .clientClosed: "The client closed the connection before the response was complete"
        case .clientReset: "The client reset the connection before the response was complete"
        case .clientWriteTimeout: "The client stopped taking the response"
        case .clientWriteTooSlow: "The client takes the response below the minimum rate"
        case .clientProtocolBroken: "The client broke the HTTP/2 protocol"
        case .clientFloodResets: "The client reset more HTTP/2 streams than a connection may"
        case .clientFloodFaults: "The client made the gateway reset more HTTP/2 streams than a connection may"
        case .clientFloodContinuations: "An HTTP/2 head came in more frames or bytes than it may"
        case .clientFloodFields: "An HTTP/2 head unpacked to far more than the limit for heads"
        case .clientFloodSettings: "The client sent more SETTINGS frames than a connection may"
        case .clientFloodPings: "The client sent more PING frames than a connection may"
        case .clientFloodPriorities: "The client sent more PRIORITY frames than a connection may"
        case .clientFloodEmptyFrames: "The client sent more empty DATA frames than a connection may"
        case .clientFloodWindowUpdates: "The client sent more WINDOW_UPDATE frames than the data sent to it explain"
        case .clientFloodUnknownFrames: "The client sent more HTTP/2 frames of unknown types than a connection may"
        case .clientFloodReplies: "The client does not read the HTTP/2 control frames that its own frames call for"
        case .clientWindowTooSlow: "The client opens its HTTP/2 windows too slowly"
        case .clientIdle: "The kept-alive connection was idle for the keep-alive time-out"
        case .tunnelIdle: "Neither side of the tunnel sent anything for its idle time-out"
        }
    }
}

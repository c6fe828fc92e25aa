import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Routing
import Telemetry
import Transport
import Upstreams

// Responses that the gateway makes itself: a reason code and a problem body (RFC 9457).

extension Exchange {
    /// Puts the answer for `reason` into the client's output, in place of whatever head was being built, and starts to send it.
    func writeReply(_ reason: Reason) {
        guard let client else { return }
        record.status = reason.status
        if reason.closesConnection || proxy.isDraining { keepsClient = false }
        if passage.seesResponse && !passage.isReturned && reason.status != 499 { return send(FilterAPI.Reply(reason)) }
        // Whether a client that waits for 100 (Continue) sends its body after this answer cannot be known.
        if request.expectsContinue && requestReader.payloadBytes == 0 && !requestReader.isFinished { keepsClient = false }
        phase = .reply
        guard reason.status != 499 else { return abort(reason) }
        client.output.attach(slabs)
        HeadWriter.writeStatusLine(reason.status, to: &client.output)
        proxy.writeDate(to: &client.output)
        client.output.append("Content-Type: application/problem+json\r\nCache-Control: no-store\r\nGateway-Reason: ")
        client.output.append(reason.code)
        if reason == .requestMethodConnect { client.output.append("\r\nAllow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH") }
        if reason.status == 503 { client.output.append("\r\nRetry-After: 1") }
        client.output.append("\r\nContent-Length: ")
        let body = Self.problemLength(reason)
        client.output.append(decimal: UInt64(body))
        client.output.appendCRLF()
        writeClientConnection(to: client)
        client.output.appendCRLF()
        if request.method != .head {
            writeProblem(reason, to: &client.output)
            record.bodyBytesOut = UInt64(body)
        }
        if client.output.overflowed { abort(.gatewayError) }
    }

    private static let parts: (StaticString, StaticString, StaticString, StaticString, StaticString) = (
        "{\"type\":\"about:blank\",\"title\":\"", "\",\"status\":", ",\"detail\":\"", "\",\"reason\":\"", "\"}\n"
    )

    private static func problemLength(_ reason: Reason) -> Int {
        parts.0.utf8CodeUnitCount + StatusPhrase.usual(reason.status).utf8CodeUnitCount + parts.1.utf8CodeUnitCount + 3
            + parts.2.utf8CodeUnitCount + reason.title.utf8CodeUnitCount + parts.3.utf8CodeUnitCount + reason.code.utf8CodeUnitCount
            + parts.4.utf8CodeUnitCount
    }

    // Titles and codes hold nothing that JSON would escape (a test checks it).
    private func writeProblem(_ reason: Reason, to out: inout OutputBuffer) {
        out.append(Self.parts.0)
        out.append(StatusPhrase.usual(reason.status))
        out.append(Self.parts.1)
        out.append(decimal: UInt64(reason.status))
        out.append(Self.parts.2)
        out.append(reason.title)
        out.append(Self.parts.3)
        out.append(reason.code)
        out.append(Self.parts.4)
    }
}

extension Reason {
    /// After this answer nothing that the client sends can be told apart, or it must not send more.
    var closesConnection: Bool {
        switch self {
        case .routeNone, .filterAskFailed, .filterAskTimeout, .filterAskAnswer, .upstreamResolveFailed, .upstreamResponseTooLarge,
            .upstreamConnectRefused, .upstreamConnectFailed, .upstreamConnectTimeout, .upstreamQueueFull, .upstreamQueueTimeout,
            .upstreamResponseTimeout, .upstreamResponseClosed, .upstreamResponseReset, .upstreamResponseMalformed,
            .upstreamResponseHeadTooLarge, .upstreamResponseLengthMalformed, .upstreamResponseFramingAmbiguous,
            .upstreamResponseTransferCodingUnsupported, .upstreamResponseUpgradeUnexpected, .upstreamResponseUpgradeIgnored, .upstreamResponseInterimFlood,
            .upstreamResponseChunkMalformed, .upstreamResponseTrailerMalformed, .upstreamResponseBodyTimeout, .upstreamSendTimeout,
            .gatewayHeadTooLarge, .upstreamTLSFailed, .upstreamTLSTimeout, .upstreamTLSCertificateExpired, .upstreamTLSCertificateUntrusted,
            .upstreamTLSCertificateName, .requestHostMisdirected, .requestUpgradeUnsupported, .upstreamUpgradeUnsupported:
            false
        default: true
        }
    }
}

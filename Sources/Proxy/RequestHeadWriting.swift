import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Routing
import Telemetry
import Transport
import Upstreams

// The head that an app gets: canonical, with exactly one framing, and with what the gateway says about the client.

extension Exchange {
    /// Serialises the request head into the app's output.
    func writeRequestHead(to app: AppConnection, for client: ClientSide) {
        app.output.attach(slabs)
        app.output.removeAll()
        headSlab.withBytes { writeRequestHead(to: &app.output, $0, client, app.upstream, server: app.server) }
        // On a stream the session frames it.
        requestWriter = BodyWriter(app.streamBytes != nil ? .untilClose : requestTransform == nil ? request.framing : .chunked)
        if app.output.overflowed {
            app.output.removeAll()
            fail(.gatewayHeadTooLarge)
        }
    }

    /// Serialises the request head for one server of an upstream.
    func writeRequestHead(
        to out: inout OutputBuffer, _ bytes: Span<UInt8>, _ client: ClientSide, _ upstream: Upstream, server: Int
    ) {
        writeRequestLine(bytes, to: &out)
        writeHost(bytes, upstream, server: server, to: &out)
        HeadWriter.writeRequestFields(fields, in: bytes, dropping: upstream.replacedFields, to: &out)
        if !upstream.forwarding.isEmpty { writeForwarding(bytes, upstream, client, to: &out) }
        if let certificate = client.certificate {
            out.append("Client-Cert: ")
            out.append(certificate)
            out.appendCRLF()
        }
        HeadWriter.writeRequestFraming(requestTransform == nil ? request.framing : .chunked, method: request.method, to: &out)
        if request.expectsContinue && request.framing != .none { out.append("Expect: 100-continue\r\n") }
        if request.acceptsTrailers && !asksUpgrade { out.append("TE: trailers\r\nConnection: TE\r\n") }
        if asksUpgrade { writeUpgrade(bytes, upstream, to: &out) }
        HeadWriter.endHead(to: &out)
    }

    /// Writes the head of a filter's own request, on behalf of this exchange's client.
    func writeHead(of question: SubRequest, to app: AppConnection) {
        let bytes = question.bytes.span
        app.output.append(question.method.name)
        app.output.append(" ")
        app.output.append(bytes.extracting(first: question.targetCount))
        app.output.append(" HTTP/1.1\r\n")
        headSlab.withBytes { writeOrigin($0, to: app) }
        app.output.append(bytes.extracting(droppingFirst: question.targetCount))
        HeadWriter.writeRequestFraming(.none, method: question.method, to: &app.output)
        HeadWriter.endHead(to: &app.output)
    }

    /// Writes whom the request is for, and where it comes from.
    private func writeOrigin(_ bytes: Span<UInt8>, to app: AppConnection) {
        guard let client else { return }
        writeHost(bytes, app.upstream, server: app.server, to: &app.output)
        if !app.upstream.forwarding.isEmpty { writeForwarding(bytes, app.upstream, client, to: &app.output) }
    }

    private func writeRequestLine(_ bytes: Span<UInt8>, to out: inout OutputBuffer) {
        if replacement != nil, let replacement {
            HeadWriter.writeRequestLine(request, in: bytes, replacing: strippedPath, with: replacement.span, to: &out)
        } else if strippedPath > 0 {
            HeadWriter.writeRequestLine(request, in: bytes, replacing: strippedPath, with: Span(), to: &out)
        } else {
            HeadWriter.writeRequestLine(request, in: bytes, to: &out)
        }
    }

    private func writeHost(_ bytes: Span<UInt8>, _ upstream: Upstream, server: Int, to out: inout OutputBuffer) {
        out.append("Host: ")
        switch upstream.settings.host {
        // An HTTP/1.0 client may name no host; the app gets HTTP/1.1, which must (RFC 9112 §3.2).
        case .preserve where request.authority.isEmpty && request.version == .http10: out.append(text: upstream.hostText(of: server))
        case .preserve: out.append(bytes, request.authority)
        case .fixed(let name): out.append(text: name)
        case .server: out.append(text: upstream.hostText(of: server))
        }
        out.appendCRLF()
    }

    private func writeForwarding(
        _ bytes: Span<UInt8>, _ upstream: Upstream, _ client: ClientSide, to out: inout OutputBuffer
    ) {
        let trusted = client.peerIsTrusted
        if upstream.forwarding.contains(.xForwarded) {
            out.append("X-Forwarded-For: ")
            if trusted { appendValues(of: .xForwardedFor, bytes, to: &out) }
            client.addressText.append(to: &out)
            out.append("\r\nX-Forwarded-Proto: ")
            if trusted, let index = fields.firstIndex(of: .xForwardedProto) {
                out.append(bytes, fields[index].value)
            } else {
                if client.isHTTPS { out.append("https") } else { out.append("http") }
            }
            out.append("\r\nX-Forwarded-Host: ")
            if trusted, let index = fields.firstIndex(of: .xForwardedHost) {
                out.append(bytes, fields[index].value)
            } else {
                out.append(bytes, request.authority)
            }
            out.appendCRLF()
        }
        if upstream.forwarding.contains(.forwarded) {
            out.append("Forwarded: ")
            if trusted { appendValues(of: .forwarded, bytes, to: &out) }
            out.append("for=")
            if client.addressText.isIPv6 {
                out.append("\"[")
                client.addressText.append(to: &out)
                out.append("]\"")
            } else {
                client.addressText.append(to: &out)
            }
            if !request.authority.isEmpty {
                out.append(";host=\"")
                out.append(bytes, request.authority)
                out.append("\"")
            }
            if client.isHTTPS { out.append(";proto=https\r\n") } else { out.append(";proto=http\r\n") }
        }
        if upstream.forwarding.contains(.via) {
            out.append("Via: ")
            appendValues(of: .via, bytes, to: &out)
            out.append(request.version.number)
            out.append(byte: 0x20)
            out.append(upstream.viaLineEnd)
        }
    }

    /// The values of all fields with `token`, each with a comma behind it: a list to go on with.
    private func appendValues(of token: FieldToken, _ bytes: Span<UInt8>, to out: inout OutputBuffer) {
        var index = 0
        while let found = fields.firstIndex(of: token, from: index) {
            if fields[found].valueCount > 0 {
                out.append(bytes, fields[found].value)
                out.append(", ")
            }
            index = found + 1
        }
    }
}

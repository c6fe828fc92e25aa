import EventLoops
import FilterAPI
import HTTPMessage
import TLS
import Telemetry
import Transport

// The TLS handshake of a client's connection: between its prologue and its first head.

extension ClientConnection {
    /// Begins the handshake. False: there is no memory for one.
    func secure(by terminator: any TLSTerminating) -> Bool {
        guard let tls = try? terminator.context.accept(
                descriptor: stream.descriptor, workspace: proxy.tlsWorkspace, protocols: listener.protocols) else { return false }
        stream.secure(by: tls)
        phase = .securing
        loop.setDeadline(self, loop.now &+ terminator.handshakeTimeout)
        return true
    }

    /// A step of the handshake, when it is this connection's turn.
    func secure() -> Bool {
        guard stream.canReceive, let outcome = proxy.handshakes.take(self, { stream.shakeHands() }) else { return false }
        switch outcome {
        case .wouldBlock: return false
        case .failed(let fault):
            if let reason = fault.clientReason { endHandshake(reason) } else { countFailure() }
            if phase == .securing { close() }
            return phase != .closed
        case .done:
            guard let tls = stream.tls else { return false }
            // A session may outlive the certificate that began it.
            if tls.isResumed, tls.peerCertificateHasExpired(at: loop.wallSeconds) {
                endHandshake(.tlsClientCertificateRefused)
                return true
            }
            let isStreams = tls.speaks("h2")
            // A client that says nothing by ALPN means HTTP/1.1.
            if !isStreams && !listener.settings.protocols.contains(.http1) {
                endHandshake(.tlsProtocolNone)
                return true
            }
            self.tls = tls
            tlsVersion = tls.versionNumber
            proxy.counters.handshakes &+= 1
            if tls.isResumed { proxy.counters.handshakesResumed &+= 1 }
            if listener.terminator?.forwardsClientCertificate ?? false { certificate = tls.peerCertificateField }
            began = loop.nowNanoseconds / 1000
            if isStreams {
                loop.setDeadline(self, loop.now &+ listener.settings.headTimeout)
                beginStreams()
            } else {
                phase = .idle
                loop.setDeadline(self, loop.now &+ (tls.holdsDeferred ? Self.ticketDelay : listener.settings.headTimeout))
            }
            return true
        }
    }

    private func countFailure() { proxy.counters.handshakesFailed &+= 1 }

    /// Gives the handshake up. The client has been told by an alert, which it must be able to read before the close.
    func endHandshake(_ reason: Reason) {
        countFailure()
        stream.endSecurity()
        if reason == .tlsPlainHTTP { return refuse(reason) }
        logRefusal(reason)
        letGo()
        beginLingering()
    }
}

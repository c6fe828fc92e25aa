import Buffers
import EventLoops
import FilterAPI
import HTTP1
import HTTPMessage
import Routing
import TLS
import Telemetry
import Transport
import Upstreams

extension Exchange {
    /// Takes a parsed request from `client`: checks what can be checked by the head, finds its route and sets out for the app.
    func start(for client: ClientSide) {
        self.client = client
        let listener = client.listener
        record.version = request.version
        record.marks.headRead = microseconds
        keepsClient =
            request.keepsAlive && !proxy.isDraining
            && (listener.settings.requestsAConnection == 0 || Int(record.exchangesBefore) + 1 < listener.settings.requestsAConnection)
        requestReader = client.reader(of: request.framing)
        findClientAddress(client)
        if proxy.account != nil { beginAccount(client) }
        if listener.settings.tellsTimes { stopwatch = Stopwatch(began: loop.clockNanoseconds()) }
        if case .length(let length) = request.framing, length > listener.settings.maxBodyBytes { return fail(.requestBodyTooLarge) }
        if let tls = client.tls, tls.hasSeveralRules, headSlab.withBytes({ isMisdirected($0, tls) }) { return fail(.requestHostMisdirected) }
        asksUpgrade = request.connection.contains(.upgrade) && headSlab.withBytes { wantsUpgrade($0) }
        // As any other request, the answer would be one that opens the tunnel.
        if isExtendedConnect && !asksUpgrade { return fail(.requestUpgradeUnsupported) }
        follow(listener.routes)
    }

    /// The host is under another rule about client certificates than the name that the connection was made for.
    private func isMisdirected(_ bytes: Span<UInt8>, _ tls: TLSConnection) -> Bool {
        let authority = bytes.extracting(request.authority.range)
        var end = authority.count
        // Without the port; a colon inside of brackets is the address's.
        var index = authority.count
        while index > 0 {
            index -= 1
            if authority[index] == UInt8(ascii: "]") { break }
            if authority[index] == UInt8(ascii: ":") {
                end = index
                break
            }
        }
        return !tls.mayServe(authority.extracting(first: end))
    }

    /// Goes where routes lead: to an app, or into a pipeline first.
    func follow(_ routes: RouteSettings) {
        guard let number = headSlab.withBytes({ find(routes, $0) }) else { return }
        if number < proxy.upstreams.count { setOut(for: number) } else { enterPipeline(number &- proxy.upstreams.count) }
    }

    /// Sets out for an app.
    private func setOut(for number: Int) {
        if proxy.account != nil { return explainApp(number) }
        if let upstream = proxy.upstreams[number] { lease(from: upstream) } else { startEcho() }
    }

    /// The number of the app or pipeline that the request is for; nil when there is none, and it is answered.
    private func find(_ routes: RouteSettings, _ bytes: Span<UInt8>) -> Int? {
        // An absolute target may have no path; it means the root (RFC 9110 §4.2.3).
        let root = Listener.root
        let path = request.form == .asterisk || request.path.isEmpty ? root.span : bytes.extracting(request.path.range)
        switch proxy.pathPolicy.examine(path) {
        case .accepted(let shape):
            var number = find(routes, bytes, path: path, shape)
            // Of the last destination a filter's choice takes the place.
            if let app = message.chosenApp, let last = number, last < proxy.upstreams.count { number = app }
            guard shape.hasEscapedSeparator, let number, !proxy.takesEscapedSeparators(number) else { return number }
            fail(.requestTargetAmbiguous)
            return nil
        case .refused(let fault):
            fail(fault.isAmbiguity ? .requestTargetAmbiguous : .requestTargetMalformed)
            return nil
        }
    }

    private func find(
        _ routes: RouteSettings, _ bytes: Span<UInt8>, path: Span<UInt8>, _ shape: PathShape
    ) -> Int? {
        switch routes {
        case .destination(let index):
            setRewrite(FoundRoute(app: index, path: path))
            return index
        case .routers(let routers, let start):
            let port: UInt16 = clientReference?.lend({ $0.isHTTPS }) ?? false ? 443 : 80
            let authority = bytes.extracting(request.authority.range)
            if let account = proxy.account {
                account.steps.append(
                    .search(routers.trail(from: start, authority: authority, defaultPort: port, path: path, shape: shape), port: port))
            }
            guard let found = routers.find(from: start, authority: authority, defaultPort: port, path: path, shape: shape) else {
                fail(.routeNone)
                return nil
            }
            setRewrite(found)
            return found.app
        }
    }

    /// Notes what of the path is replaced, and by what.
    private func setRewrite(_ found: FoundRoute) {
        guard request.form != .asterisk else { return }
        // A target without a path has nothing to strip, but it is the root all the same.
        if !request.path.isEmpty { strippedPath = found.rest }
        if let found = found.replacement { replacement = found }
    }

    /// The request asks for another protocol that the app may switch to. Not for HTTP/2 and TLS, which would take the connection past
    /// every rule, and not with a body, whose end would be a matter of opinion.
    private func wantsUpgrade(_ bytes: Span<UInt8>) -> Bool {
        guard request.version != .http10, request.method == .get, request.framing == .none, fields.firstIndex(of: .upgrade) != nil else { return false }
        return !namesUpgrade(bytes) { Self.refusedProtocols(TokenList.name(of: $0, in: bytes), in: bytes) }
    }

    /// Some protocol that the request would change to is one of those meant.
    func namesUpgrade(_ bytes: Span<UInt8>, _ isMeant: (ByteRange) -> Bool) -> Bool {
        var index = fields.firstIndex(of: .upgrade)
        while let current = index {
            var list = TokenList(fields[current].value)
            while let element = list.next(in: bytes) {
                if isMeant(element) { return true }
            }
            index = fields.firstIndex(of: .upgrade, from: current + 1)
        }
        return false
    }

    private static func refusedProtocols(_ name: ByteRange, in bytes: Span<UInt8>) -> Bool {
        if bytes.matches(name, ignoringCase: "h2c") || bytes.matches(name, ignoringCase: "h2") { return true }
        return bytes.matches(ByteRange(start: name.lower, count: min(4, Int(name.count))), ignoringCase: "tls/")
            || bytes.matches(ByteRange(start: name.lower, count: min(5, Int(name.count))), ignoringCase: "http/")
    }

    // MARK: The rest of the request

    /// All of the request was read and passed on or thrown away: what comes next on the connection is another request.
    var requestIsRead: Bool {
        requestReader.isFinished && (clientReference?.lend { $0.input.payloadCount == 0 } ?? true)
    }

    enum Discarded {
        case progress(Int)
        case waiting
        /// The client is gone, or what it sent cannot be read.
        case over
    }

    /// Throws away a piece of the request body.
    func discardRequestBody(of client: ClientSide) -> Discarded {
        let waiting = client.input.payloadCount
        if waiting > 0 {
            client.input.consumePayload(waiting)
            return .progress(waiting)
        }
        switch requestReader.decode(&client.input) {
        case .payload, .finished: return .progress(0)
        case .malformed: return .over
        case .trailers:
            switch readTrailers(of: client, for: .request, into: &requestTrailers) {
            case .complete:
                requestReader.finish()
                return .progress(0)
            case .failed: return .over
            case .incomplete: break
            }
        case .needsMore: break
        }
        guard client.stream.canReceive else { return .waiting }
        guard client.makeRoom() else { return .over }
        switch client.stream.receive(into: &client.input, pool: slabs) {
        case .bytes(let count):
            record.clientBytesIn &+= UInt64(count)
            return .progress(0)
        case .wouldBlock: return .waiting
        case .end where requestReader.endsWithClose:
            requestReader.finish()
            return .progress(0)
        case .end, .failed: return .over
        }
    }

    // MARK: Time and the record

    /// A deadline of the client's connection has passed.
    func clientDeadlinePassed() {
        guard let client else { return }
        let settings = client.listener.settings
        if phase == .tunnel {
            fail(.tunnelIdle)
            return
        }
        var next = Int64.max
        if client.stream.peerEnded {
            // It ended its side, and the response has stood still since the last look: only the next write could tell that it is gone.
            if phase == .response && waits.contains(.appBody) && record.clientBytesOut == sentAtLook { return abort(.clientClosed) }
            sentAtLook = record.clientBytesOut
            next = loop.now &+ ClientConnection.halfCloseGrace
        }
        if waits.contains(.clientBody) {
            switch bodyPace.verdict(loop.now, idle: settings.bodyIdleTimeout, rate: settings.minBodyRate, grace: settings.rateGrace) {
            case .fair(let check): next = min(next, check)
            case .idle: return fail(.requestBodyTimeout)
            case .slow: return fail(.requestBodyTooSlow)
            }
        }
        if waits.contains(.clientTakes) {
            switch takePace.verdict(loop.now, idle: settings.writeIdleTimeout, rate: settings.minWriteRate, grace: settings.rateGrace) {
            case .fair(let check): next = min(next, check)
            case .idle: return abort(.clientWriteTimeout)
            case .slow: return abort(.clientWriteTooSlow)
            }
        }
        if next != .max { client.watchPace(until: next) }
    }

    /// Closes the books: counters, and the access log.
    func finishRecord() {
        record.marks.ended = microseconds
        proxy.counters.add(record)
        if passage.count > 0 { tellObservers() }
        guard let log = proxy.accessLog else { return }
        headSlab.withBytes { logRecord(log, $0) }
    }

    private func logRecord(_ log: any AccessLogSink, _ bytes: Span<UInt8>) {
        let name = upstream.map { Array($0.settings.name.utf8) } ?? []
        let server = lastServer >= 0 ? Array((upstream?.serverText(lastServer) ?? "").utf8) : []
        let address = clientAddress
        let texts = ExchangeTexts(
            client: address.span, method: bytes.extracting(request.methodName.range), target: bytes.extracting(request.target.range),
            host: bytes.extracting(request.authority.range), referer: value(of: .referer, in: bytes),
            userAgent: value(of: .userAgent, in: bytes), upstream: name.span, server: server.span,
            id: bytes.extracting(message.idRange.range))
        log.log(record, texts)
    }

    @_lifetime(copy bytes)
    private func value(of token: FieldToken, in bytes: Span<UInt8>) -> Span<UInt8> {
        guard let index = fields.firstIndex(of: token) else { return bytes.extracting(0..<0) }
        return bytes.extracting(fields[index].value.range)
    }
}

import FilterAPI

/// The filter on one loop.
final class GzipFilter: RequestFilter, LengthAwaitingFilter {
    /// What is remembered of a request.
    struct Wish: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        /// Its response may be coded.
        static let gzip = Wish(rawValue: 1)
        /// If-None-Match had tags of coded responses.
        static let confirms = Wish(rawValue: 2)
        /// It has a Range.
        static let range = Wish(rawValue: 4)
        /// It forbids changes on the way.
        static let noTransform = Wish(rawValue: 8)
        /// It refuses responses without a coding.
        static let coded = Wish(rawValue: 16)
    }

    private let rules: GzipRules
    private let pool: CoderPool
    private let slot: StateSlot<Wish>

    private static let suffix = EntityTagSuffix("-gz")
    private static let acceptEncoding = FieldName(.acceptEncoding)
    private static let contentEncoding = FieldName(.contentEncoding)
    private static let etag = FieldName(.etag)
    private static let statusField: FieldName = "Gateway-Compression"

    init(_ rules: GzipRules, _ pool: CoderPool, _ slot: StateSlot<Wish>) {
        self.rules = rules
        self.pool = pool
        self.slot = slot
    }

    // MARK: Requests

    func processRequest(_ request: inout Request) -> RequestDecision {
        // What an upgrade leads to has no content coding.
        guard !request.asksUpgrade else { return .forward }
        let wish = wish(of: request)
        explain(wish, request)
        if !rules.weakens { removeSuffixes(from: &request, wish) }
        if rules.strips, !leavesCodingToApp(wish), request.fields.contains(.acceptEncoding) {
            request.fields.remove(.acceptEncoding)
        }
        request[slot] = request[slot].union(wish)
        return .forward
    }

    private func wish(of request: borrowing Request) -> Wish {
        var wish: Wish = []
        if request.fields.contains(.cacheControl), request.fields.lists("no-transform", in: .cacheControl) { wish.insert(.noTransform) }
        // The ranges of a coded response would be others.
        if request.fields.contains(.range) { wish.insert(.range) }
        if request.fields.contains(.acceptEncoding) {
            let accepted = AcceptedCodings(request.fields)
            if wish.isEmpty, accepted.prefers(.gzip) { wish.insert(.gzip) }
            if accepted.weight(of: .identity) == 0 { wish.insert(.coded) }
        }
        return wish
    }

    /// The gateway cannot give the client what it accepts; the app may.
    private func leavesCodingToApp(_ wish: Wish) -> Bool { wish.contains(.noTransform) || wish.contains(.coded) && !wish.contains(.gzip) }

    private func explain(_ wish: Wish, _ request: borrowing Request) {
        guard request.isExplained else { return }
        if wish.contains(.noTransform) {
            request.explain("the request says no-transform: its response is not compressed")
        } else if wish.contains(.range) {
            request.explain("the request has a Range: its response is not compressed")
        } else if wish.contains([.gzip, .coded]) {
            request.explain("the client accepts gzip and refuses what is not compressed: a response is compressed if its type is listed", by: "types")
        } else if wish.contains(.gzip) {
            request.explain("the client accepts gzip: a response of \(rules.minLength) bytes or more is compressed if its type is listed", by: "types")
        } else {
            request.explain("the client does not accept gzip: its response is not compressed")
        }
    }

    /// The app knows its own tags only.
    private func removeSuffixes(from request: inout Request, _ wish: Wish) {
        // With a Range both must stay: the bytes that it asks for are those of the coded response, which the app does not have.
        guard !wish.contains(.range) else { return }
        if request.fields.contains(.ifMatch) { Self.suffix.remove(from: .ifMatch, of: &request) }
        // A client that takes no gzip now must not be told that its coded response is still good.
        if wish.contains(.gzip), request.fields.contains(.ifNoneMatch), Self.suffix.remove(from: .ifNoneMatch, of: &request) {
            request[slot].insert(.confirms)
        }
    }

    // MARK: Responses

    /// Why a response of a listed type is sent as it is.
    private enum Obstacle {
        case notAccepted, noTransform, range, coded, digest, tooShort, busy

        var text: StaticString {
            switch self {
            case .notAccepted: "none;not-accepted"
            case .noTransform: "none;no-transform"
            case .range: "none;range"
            case .coded: "none;coded"
            case .digest: "none;digest"
            case .tooShort: "none;too-short"
            case .busy: "none;busy"
            }
        }
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        guard !response.isReply, response.status >= 200, response.status != 204, response.status != 205 else { return }
        let type = response.fields.firstIndex(of: .contentType)
        if response.status == 304 { return confirm(&response, request, type) }
        guard let type else { return tell(&response, "none;type") }
        let kind = rules.types.kind(response.fields.bytes, response.fields.valueRange(at: type))
        guard kind != .other else { return tell(&response, "none;type") }
        response.vary(on: Self.acceptEncoding)
        let length = length(of: response)
        if let obstacle = obstacle(to: response, request[slot], length) { return tell(&response, obstacle.text) }
        tell(&response, "gzip")
        response.fields.remove(.contentEncoding)
        response.fields.append(Self.contentEncoding, text: "gzip")
        changeTag(of: &response)
        response.removeByteFields()
        response.transformBody(with: pool.makeStream(padding: rules.jitter > 0 ? Int.random(in: 1...rules.jitter) : 0))
    }

    /// Whether a body is too short is only known when it is there. An event stream never ends so soon, and its client waits for the head.
    func awaitedBytes(of response: borrowing Response, for request: borrowing Request) -> Int {
        guard rules.minLength > 0, response.status != 205, !request[slot].contains(.coded), let type = response.fields.firstIndex(of: .contentType),
            rules.types.kind(response.fields.bytes, response.fields.valueRange(at: type)) == .plain,
            obstacle(to: response, request[slot], nil) == nil
        else { return 0 }
        return Int(min(rules.minLength, UInt64(Response.mostAwaitedBytes)))
    }

    /// A 304 says what the 200 would have said (RFC 9110 §15.4.5). It seldom has a type: then Vary is too much at worst.
    private func confirm(_ response: inout Response, _ request: borrowing Request, _ type: Int?) {
        if let type, rules.types.kind(response.fields.bytes, response.fields.valueRange(at: type)) == .other { return }
        response.vary(on: Self.acceptEncoding)
        if request[slot].contains(.confirms) { Self.suffix.restore(on: &response, for: request) }
    }

    private func obstacle(to response: borrowing Response, _ wish: Wish, _ length: UInt64?) -> Obstacle? {
        if wish.contains(.noTransform) { return .noTransform }
        if wish.contains(.range) || response.status == 206 || response.fields.contains(.contentRange) { return .range }
        if !wish.contains(.gzip) { return .notAccepted }
        if isCoded(response) { return .coded }
        if response.fields.contains(.cacheControl), response.fields.lists("no-transform", in: .cacheControl) { return .noTransform }
        if response.announcesDigest { return .digest }
        // Who takes nothing else gets it, whatever it is worth.
        if wish.contains(.coded) { return nil }
        if let length, length < rules.minLength { return .tooShort }
        return pool.isBusy ? .busy : nil
    }

    /// It has a coding, and not only `identity`, which is none.
    private func isCoded(_ response: borrowing Response) -> Bool {
        var line = response.fields.firstIndex(of: .contentEncoding)
        while let index = line {
            var list = TokenList(response.fields.valueRange(at: index))
            while let element = list.next(in: response.fields.bytes) {
                if !response.fields.bytes.matches(element, ignoringCase: "identity") { return true }
            }
            line = response.fields.firstIndex(of: .contentEncoding, from: index + 1)
        }
        return false
    }

    /// Bytes of the body, also of the one that HEAD does not get; nil if it is not known.
    private func length(of response: borrowing Response) -> UInt64? {
        if response.hasBody { return response.contentLength }
        guard let index = response.fields.firstIndex(of: .contentLength) else { return nil }
        var value: UInt64 = 0
        for at in response.fields.valueRange(at: index).range {
            let digit = UInt64(response.fields.bytes[at] &- 0x30)
            guard digit < 10, value < 1 << 59 else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    private func changeTag(of response: inout Response) {
        guard rules.weakens else { return Self.suffix.add(to: &response) }
        guard let index = response.fields.firstIndex(of: .etag) else { return }
        let value = response.fields.valueRange(at: index)
        guard value.count > 0, response.fields.bytes[value.lower] == UInt8(ascii: "\"") else { return }
        var weak = Array("W/".utf8)
        for at in value.range { weak.append(response.fields.bytes[at]) }
        response.fields.remove(.etag)
        response.fields.append(Self.etag, bytes: weak.span)
    }

    private func tell(_ response: inout Response, _ text: StaticString) {
        if rules.tells { response.fields.append(Self.statusField, text: text) }
    }
}

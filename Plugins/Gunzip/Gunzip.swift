import FilterAPI

/// Decodes gzip responses for clients that do not take them.
public final class Gunzip: FilterPlugin {
    public static let name = "gunzip"
    public static let summary = "Decompresses gzip responses for clients that do not accept gzip."

    public static let options = OptionSchema([
        Option(
            "max-ratio", .integer(2...1032), or: ["off"], standard: "100",
            "How many times as long as the compressed body a response may become, its first MiB aside. Above it the response is broken off.")
    ])

    private let maxRatio: Int?

    public init(_ options: FilterOptions) throws(ConfigurationError) { maxRatio = options.integer("max-ratio") }

    public var order: FilterOrder { FilterOrder(fields: [.reads("Accept-Encoding")]) }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter { GunzipFilter(maxRatio, loop.reserveState()) }
}

/// The filter on one loop.
final class GunzipFilter: RequestFilter, ResponseFilter {
    /// What is remembered of a request.
    struct Wish: OptionSet, BitwiseCopyable {
        let rawValue: UInt8
        /// Its client does not take gzip.
        static let plain = Wish(rawValue: 1)
        /// If-None-Match had tags of decoded responses.
        static let confirms = Wish(rawValue: 2)
    }

    private let maxRatio: Int?
    private let pool = DecoderPool()
    private let slot: StateSlot<Wish>

    private static let suffix = EntityTagSuffix("-plain")
    private static let acceptEncoding = FieldName(.acceptEncoding)

    init(_ maxRatio: Int?, _ slot: StateSlot<Wish>) {
        self.maxRatio = maxRatio
        self.slot = slot
    }

    func processRequest(_ request: inout Request) -> RequestDecision {
        guard !request.asksUpgrade else { return .forward }
        if request.fields.contains(.cacheControl), request.fields.lists("no-transform", in: .cacheControl) {
            request.explain("the request says no-transform: its response is not decompressed")
            return .forward
        }
        let isPlain = AcceptedCodings(request.fields).weight(of: .gzip) == 0
        request.explain("the client \(isPlain ? "does not accept gzip: a gzip response is decompressed" : "accepts gzip: its response is left as it is")")
        if isPlain { request[slot].insert(.plain) }
        removeSuffixes(from: &request, isPlain)
        return .forward
    }

    /// The app knows its own tags only.
    private func removeSuffixes(from request: inout Request, _ isPlain: Bool) {
        // With a Range both must stay: the bytes that it asks for are those of the decoded response, which the app does not have.
        guard !request.fields.contains(.range) else { return }
        if request.fields.contains(.ifMatch) { Self.suffix.remove(from: .ifMatch, of: &request) }
        if isPlain, request.fields.contains(.ifNoneMatch), Self.suffix.remove(from: .ifNoneMatch, of: &request) { request[slot].insert(.confirms) }
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        guard !response.isReply, response.status >= 200, response.status != 204, response.status != 205 else { return }
        if response.status == 304 {
            // Nobody says whether the 200 was coded: Vary is too much at worst.
            response.vary(on: Self.acceptEncoding)
            if request[slot].contains(.confirms) { Self.suffix.restore(on: &response, for: request) }
            return
        }
        guard isGzip(response) else { return }
        response.vary(on: Self.acceptEncoding)
        guard request[slot].contains(.plain), response.status != 206, !response.fields.contains(.contentRange), !response.announcesDigest else { return }
        if response.fields.contains(.cacheControl), response.fields.lists("no-transform", in: .cacheControl) { return }
        response.fields.remove(.contentEncoding)
        Self.suffix.add(to: &response)
        response.removeByteFields()
        response.transformBody(with: GunzipStream(pool, maxRatio: maxRatio))
    }

    /// Its one coding is gzip.
    private func isGzip(_ response: borrowing Response) -> Bool {
        var codings = 0
        var isGzip = false
        var line = response.fields.firstIndex(of: .contentEncoding)
        while let index = line {
            var list = TokenList(response.fields.valueRange(at: index))
            while let element = list.next(in: response.fields.bytes) {
                let coding = ContentCoding(response.fields.bytes, element)
                guard coding != .identity else { continue }
                codings += 1
                isGzip = coding == .gzip
            }
            line = response.fields.firstIndex(of: .contentEncoding, from: index + 1)
        }
        return codings == 1 && isGzip
    }
}

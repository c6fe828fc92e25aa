import FilterAPI

/// Codes responses with gzip (RFC 1952) for clients that take it.
public final class Gzip: FilterPlugin {
    public static let name = "gzip"
    public static let summary = "Compresses responses with gzip for clients that accept it."

    public static let options = OptionSchema([
        Option(
            "level", .integer(1...9), standard: "1",
            "From 1, fastest, to 9, smallest. Levels up to 3 are ISA-L's and cost a fraction of the others, which are zlib's."),
        Option(
            "types", .string, standard: standardTypes, isList: true, isRepeatable: true,
            "Media types of responses that are compressed. One `*` stands for whatever is in its place: `text/*`, `application/*+json`."),
        Option(
            "min-length", .byteCount(0...1 << 40), standard: "1KiB",
            "Shorter responses are sent as they are. Where the app does not say how long one is, the gateway waits for its beginning, up to 16 KiB of it, and not beyond a pause of the app."),
        Option(
            "event-streams", .boolean, standard: "off",
            "Whether `text/event-stream` is compressed too. Each event goes out at once, but some clients and proxies on the way cannot take it."),
        Option(
            "etag", .choice(["suffix", "weaken"]), standard: "suffix",
            "What the strong ETag of a compressed response becomes: `suffix` makes \"x\" to \"x-gz\" and takes the suffix off again in If-Match and If-None-Match; `weaken` makes it W/\"x\"."),
        Option(
            "strip-accept-encoding", .boolean, standard: "on",
            "Whether Accept-Encoding is kept from the app, so that only the gateway compresses."),
        Option(
            "length-jitter", .integer(1...256), or: ["off"], standard: "off",
            "Adds a random number of bytes, from 1 to this, to each compressed response: it makes guessing secrets by the length (BREACH) slower, not impossible."),
        Option(
            "memory", .byteCount(1 << 20...4 << 30), standard: "32MiB",
            "What the coders of one loop may take, about 200 KiB each. While all are busy, responses are sent as they are; idle streams give theirs away."),
        Option(
            "status-field", .boolean, standard: "off",
            "Whether a field Gateway-Compression tells what was done and why: `gzip`, or `none;too-short`."),
    ])

    private static let standardTypes = """
        text/* application/json application/javascript application/xml application/wasm application/*+json application/*+xml \
        application/x-javascript application/x-ndjson image/svg+xml
        """

    private let rules: GzipRules
    private let level: Int
    private let memory: Int

    public init(_ options: FilterOptions) throws(ConfigurationError) {
        level = options.integer("level") ?? 1
        memory = Int(options.byteCount("memory") ?? 32 << 20)
        rules = GzipRules(
            types: try MediaTypes(options, option: "types", eventStreams: options.boolean("event-streams") ?? false),
            minLength: options.byteCount("min-length") ?? 1024,
            weakens: options.word("etag") == "weaken",
            strips: options.boolean("strip-accept-encoding") ?? true,
            jitter: options.integer("length-jitter") ?? 0,
            tells: options.boolean("status-field") ?? false)
    }

    public var order: FilterOrder {
        FilterOrder(
            [.before(.bodyEdit, because: "on the way back that one would get compressed bodies")],
            fields: rules.strips ? [.removes("Accept-Encoding")] : [])
    }

    public func makeFilter(on loop: LoopContext) throws(ConfigurationError) -> any Filter {
        GzipFilter(rules, CoderPool(level: level, memory: memory), loop.reserveState())
    }
}

/// What the options of the section say of requests and responses.
struct GzipRules: Sendable {
    let types: MediaTypes
    let minLength: UInt64
    /// Strong entity tags become weak, instead of getting a suffix.
    let weakens: Bool
    let strips: Bool
    /// Bytes that the header may be longer; 0 for none.
    let jitter: Int
    let tells: Bool
}

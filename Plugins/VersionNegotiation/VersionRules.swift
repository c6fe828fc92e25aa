import FilterAPI

/// What a section says, read and checked. Shared by all loops.
final class VersionRules: Sendable {
    /// What happens without a version.
    enum Default: Sendable {
        case list, oldest, newest
        case pinned(VersionMatch)
    }

    /// Which status an unknown version gets.
    enum Unknown: String {
        case auto, multipleChoices = "300", notFound = "404", notAcceptable = "406", gone = "410"
    }

    let catalog: VersionCatalog
    let sources: [VersionSource]
    let looksAtPath: Bool
    let looksAtHeaders: Bool
    let looksAtAccept: Bool
    let headers: [VersionHeader]
    let mediaTypes: VersionMediaTypes
    let parameter: VersionParameter?
    let firstWins: Bool
    let unknown: Unknown
    let standard: Default
    let appPath: AppPath
    let appFields: [VersionField]
    /// The field by which a second filter like this one sees that the version is found; nil without one that says nothing else.
    let marker: FieldName?
    let responseFields: [VersionField]
    /// Fields of requests on which responses depend.
    let varying: [FieldName]
    let lists: VersionLists
    /// What `Accept` begins with where it names a version, in Glance's own filter; nil for the general one.
    let glancePrefix: [UInt8]?

    var isGlance: Bool { glancePrefix != nil }

    init(_ options: FilterOptions) throws(ConfigurationError) {
        let isGlance = options.word("compatibility") == "glance"
        if isGlance { try Self.checkCompatibility(options) }
        headers = try options.entries("header").enumerated().map { (index, entry) throws(ConfigurationError) in try VersionHeader(entry, at: index) }
        for (index, header) in headers.enumerated() where headers[..<index].contains(where: { $0.name == header.name }) {
            throw ConfigurationError("`\(header.name)` stands twice", option: "header", value: index)
        }
        mediaTypes = try VersionMediaTypes(isGlance ? [] : options.words("media-type"))
        parameter = options.word("query-parameter").map { VersionParameter(name: Array($0.utf8)) }
        sources = try Self.sources(options, hasHeaders: !headers.isEmpty, hasTypes: !mediaTypes.types.isEmpty, hasParameter: parameter != nil)
        looksAtPath = sources.contains(.path)
        looksAtHeaders = sources.contains(.header)
        looksAtAccept = sources.contains(.accept)
        firstWins = options.word("on-conflict") == "first"
        unknown = Unknown(rawValue: options.word("unknown") ?? "") ?? .auto
        var appPath = AppPath(rawValue: options.word("app-path") ?? "") ?? .major
        if !looksAtPath && !options.isGiven("app-path") { appPath = .keep }
        self.appPath = appPath
        catalog = try Self.catalog(options, appPath, isInPaths: looksAtPath)
        standard = try Self.standard(options, catalog)
        (appFields, responseFields) = try VersionField.all(options, headers, catalog, isGlance: isGlance)
        let told = options.word("app-field").flatMap { FieldName($0) }
        marker = headers.contains { $0.name == told } ? nil : told
        varying = isGlance ? [] : headers.map(\.name) + (looksAtAccept ? [FieldName(.accept)] : [])
        lists = try VersionLists(options, catalog, isInPaths: looksAtPath, mediaType: options.words("media-type").first)
        glancePrefix = isGlance ? Array("\(options.words("media-type").first ?? "application/vnd.openstack.images")-".utf8) : nil
    }

    private static func checkCompatibility(_ options: FilterOptions) throws(ConfigurationError) {
        let meaningless = [
            "sources", "header", "query-parameter", "on-conflict", "unknown", "default", "match", "app-path", "list", "list-path", "version-document",
        ]
        if let name = meaningless.first(where: { options.isGiven($0) }) {
            throw ConfigurationError(
                "`\(name)` has no meaning with `compatibility = glance`", option: name, help: "Glance's filter has one way to do it; remove one of them")
        }
        if options.words("media-type").count > 1 {
            throw ConfigurationError("with `compatibility = glance` there is one media type", option: "media-type", value: 1)
        }
        if let index = options.entries("version").firstIndex(where: { $0.attributes.isGiven("microversions") }) {
            throw ConfigurationError("Glance has no microversions", option: "version", value: index)
        }
    }

    private static func sources(
        _ options: FilterOptions, hasHeaders: Bool, hasTypes: Bool, hasParameter: Bool
    ) throws(ConfigurationError) -> [VersionSource] {
        var sources: [VersionSource] = []
        let needs: [(source: VersionSource, option: String, isThere: Bool)] = [
            (.header, "header", hasHeaders), (.accept, "media-type", hasTypes), (.query, "query-parameter", hasParameter),
        ]
        for (index, word) in options.words("sources").enumerated() {
            guard let source = VersionSource(rawValue: word) else { continue }
            if sources.contains(source) { throw ConfigurationError("`\(word)` stands twice", option: "sources", value: index) }
            if let need = needs.first(where: { $0.source == source }), !need.isThere {
                guard options.isGiven("sources") else { continue }
                throw ConfigurationError(
                    "the source `\(word)` needs `\(need.option)`", option: "sources", value: index, help: "add `\(need.option) = …`")
            }
            sources.append(source)
        }
        if let unused = needs.first(where: { $0.isThere && !sources.contains($0.source) }) {
            throw ConfigurationError(
                "`\(unused.option)` is not used", option: unused.option, help: "add `\(unused.source.rawValue)` to `sources`, or remove the option")
        }
        return sources
    }

    private static func catalog(_ options: FilterOptions, _ appPath: AppPath, isInPaths: Bool) throws(ConfigurationError) -> VersionCatalog {
        let entries = options.entries("version")
        let plain = options.words("versions")
        guard !entries.isEmpty || !plain.isEmpty else {
            throw ConfigurationError("this filter has no version", help: "add `versions = v2.0 v2.1`, or lines `version = v2.1 status=current`")
        }
        var publicEndpoint = options.word("public-endpoint") ?? ""
        while publicEndpoint.hasSuffix("/") { publicEndpoint.removeLast() }
        let links = VersionLinks(
            targets: (entries.map(\.value.description) + plain).map { ($0, isInPaths ? "\(publicEndpoint)/\($0)/" : nil) })
        var versions: [Version] = []
        for (index, entry) in entries.enumerated() {
            versions.append(try Version(entry.value.description, entry.attributes, option: "version", at: index, appPath: appPath, links: links))
        }
        for (index, word) in plain.enumerated() {
            versions.append(try Version(word, nil, option: "versions", at: index, appPath: appPath, links: links))
        }
        return try VersionCatalog(versions, takesOlder: options.word("match") == "not-newer")
    }

    private static func standard(_ options: FilterOptions, _ catalog: VersionCatalog) throws(ConfigurationError) -> Default {
        let word = options.word("default") ?? "300"
        switch word {
        case "300": return .list
        case "min": return .oldest
        case "latest": return .newest
        default:
            let bytes = Array(word.utf8)
            let range = ByteRange(start: 0, count: bytes.count)
            if let exact = catalog.versions.firstIndex(where: { $0.name.bytes == bytes }) { return .pinned(VersionMatch(version: exact)) }
            if case .match(let match) = catalog.word(bytes.span, range, preferring: nil, now: 0), !match.isFamily { return .pinned(match) }
            throw ConfigurationError(
                "the default `\(word)` is not one of the versions", option: "default",
                expected: "`300`, `min`, `latest` or the name of a version")
        }
    }
}

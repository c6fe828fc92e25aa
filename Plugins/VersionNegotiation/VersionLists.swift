import FilterAPI

/// The documents that tell clients which versions there are, in the shapes that OpenStack's services have.
final class VersionLists: Sendable {
    enum Shape: String, Sendable {
        case glance, nova, keystone, off
    }

    let shape: Shape
    /// A path that is answered with the list; empty for none.
    let path: [UInt8]
    let givesDocuments: Bool
    private let catalog: VersionCatalog
    private let isInPaths: Bool
    /// For `media-types` of Nova's and Keystone's documents.
    private let mediaType: String?
    /// Without a slash at its end; nil to go by the request.
    private let publicEndpoint: String?
    /// In lower case.
    private let hosts: [String]

    init(_ options: FilterOptions, _ catalog: VersionCatalog, isInPaths: Bool, mediaType: String?) throws(ConfigurationError) {
        self.catalog = catalog
        self.isInPaths = isInPaths
        self.mediaType = mediaType
        shape = Shape(rawValue: options.word("list") ?? "") ?? .glance
        path = try Self.path(options, shape)
        givesDocuments = options.boolean("version-document") ?? false
        if givesDocuments && (shape == .off || !isInPaths) {
            throw ConfigurationError(
                "there are no documents of versions \(shape == .off ? "with `list = off`" : "where `path` is no source")", option: "version-document")
        }
        publicEndpoint = try options.word("public-endpoint").map { (text) throws(ConfigurationError) in try Self.endpoint(text) }
        hosts = options.words("hosts").map { $0.lowercased() }
        if publicEndpoint != nil && !hosts.isEmpty {
            throw ConfigurationError("`hosts` has no meaning with `public-endpoint`", option: "hosts", help: "remove one of them")
        }
    }

    private static func path(_ options: FilterOptions, _ shape: Shape) throws(ConfigurationError) -> [UInt8] {
        guard shape != .off || options.isGiven("list-path"), let path = options.word("list-path") else { return [] }
        guard shape != .off else { throw ConfigurationError("`list-path` has no meaning with `list = off`", option: "list-path") }
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "/"), bytes.count > 1, bytes.last != UInt8(ascii: "/"),
            bytes.allSatisfy({ $0.isVersionCharacter || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "~") })
        else {
            throw ConfigurationError("`\(path)` is not a path for the list", option: "list-path", expected: "a path such as `/versions`")
        }
        return bytes
    }

    private static func endpoint(_ text: String) throws(ConfigurationError) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
        guard let first = rest.first, first != "/", Lifecycle.isReference(text), !rest.contains(where: { "?#@".contains($0) }) else {
            throw ConfigurationError(
                "`\(text)` is not the URL of an endpoint", option: "public-endpoint", expected: "a URL such as `https://image.example.org`, without a query")
        }
        return text
    }

    // MARK: Where versions are

    /// What URIs begin with, without a slash at the end. Nothing of it is taken from a client that was not allowed to: without a host that is in
    /// the list it is empty, or the part of the path that routes before this filter took off.
    func base(_ request: borrowing Request) -> String {
        if let publicEndpoint { return publicEndpoint }
        let mount = Self.mount(request)
        guard !hosts.isEmpty else { return mount }
        let authority = request.authority.lowercased()
        return hosts.contains(authority) ? "\(request.isHTTPS ? "https" : "http")://\(authority)\(mount)" : mount
    }

    /// The part of the path that routes took off: what the client's target has before the path as it stands.
    private static func mount(_ request: borrowing Request) -> String {
        var target = Substring(request.fields.bytes.text(request.originalPathAndQueryRange))
        if let query = target.firstIndex(of: "?") { target = target[..<query] }
        let path = request.path
        guard target.hasSuffix(path), target.utf8.count > path.utf8.count else { return "" }
        var mount = target.dropLast(path.count)
        while mount.last == "/" { mount.removeLast() }
        return mount.hasPrefix("/") ? String(mount) : ""
    }

    private func reference(_ version: Version, _ base: String) -> String { isInPaths ? "\(base)/\(version.publicSegment)/" : "\(base)/" }

    // MARK: Documents

    /// All versions that can be had.
    func list(_ base: String, now: Int64) -> String {
        let members = available(now).map { member($0, base, now) }.joined(separator: ", ")
        return shape == .keystone ? "{\"versions\": {\"values\": [\(members)]}}" : "{\"versions\": [\(members)]}"
    }

    /// Where the newest version is.
    func preferred(_ base: String, now: Int64) -> String? { catalog.newest(now).map { reference(catalog.versions[$0], base) } }

    /// What is to be chosen from where a request named no version: the list, or in Nova's shape the same resource of each version.
    ///
    /// - Parameter rest: the path, without the version that it named.
    func choices(_ base: String, rest: String, now: Int64) -> String {
        guard shape == .nova else { return list(base, now: now) }
        // It stands in each member: a long one would be a large answer to a small request.
        let rest = rest.utf8.count <= Self.longestRest ? rest : ""
        let members = available(now).map { index in
            let version = catalog.versions[index]
            var reference = reference(version, base)
            reference += rest.drop { $0 == "/" }
            return "{\(identity(index, now)), \(links([self.link(reference)])), \(mediaTypes(version))}"
        }
        return "{\"choices\": [\(members.joined(separator: ", "))]}"
    }

    /// One version.
    func document(_ index: Int, _ base: String, now: Int64) -> String {
        let version = catalog.versions[index]
        guard shape == .nova else { return "{\"version\": \(member(index, base, now))}" }
        var all = [link(reference(version, base))]
        if let documentation = version.documentation {
            all.append("{\"rel\": \"describedby\", \"type\": \"text/html\", \"href\": \(Self.json(documentation))}")
        }
        return "{\"version\": {\(identity(index, now)), \(range(version)), \(updated(version)), \(links(all)), \(mediaTypes(version))}}"
    }

    private func available(_ now: Int64) -> [Int] { catalog.versions.indices.filter { catalog.versions[$0].lifecycle.isAvailable(now) } }

    private func member(_ index: Int, _ base: String, _ now: Int64) -> String {
        let version = catalog.versions[index]
        let links = links([link(reference(version, base))])
        switch shape {
        case .nova: return "{\(identity(index, now)), \(range(version)), \(updated(version)), \(links)}"
        case .keystone: return "{\(identity(index, now)), \(updated(version)), \(links), \(mediaTypes(version))}"
        case .glance, .off: return "{\(identity(index, now)), \(links)}"
        }
    }

    private func identity(_ index: Int, _ now: Int64) -> String {
        let status = catalog.status(of: index, now: now)
        let word = shape != .keystone ? status.rawValue.uppercased() : status == .current || status == .supported ? "stable" : status.rawValue
        return "\"id\": \(Self.json(catalog.versions[index].name.text)), \"status\": \"\(word)\""
    }

    private func range(_ version: Version) -> String {
        let range = version.microversions
        return "\"version\": \"\(range?.highest.text ?? "")\", \"min_version\": \"\(range?.lowest.text ?? "")\""
    }

    private func updated(_ version: Version) -> String { "\"updated\": \"\(version.updated.map(HTTPDate.timestamp) ?? "")\"" }

    private func link(_ reference: String) -> String { "{\"rel\": \"self\", \"href\": \(Self.json(reference))}" }

    private func links(_ links: [String]) -> String { "\"links\": [\(links.joined(separator: ", "))]" }

    private func mediaTypes(_ version: Version) -> String {
        guard let mediaType else { return "\"media-types\": []" }
        let type = shape == .nova ? "\(mediaType)+json;version=\(version.name.bareText)" : "\(mediaType)-\(version.publicSegment)+json"
        return "\"media-types\": [{\"base\": \"application/json\", \"type\": \(Self.json(type))}]"
    }

    private static let longestRest = 1024

    private static func json(_ text: String) -> String { ProblemValue.string(text).json }
}

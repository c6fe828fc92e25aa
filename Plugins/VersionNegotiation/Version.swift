import FilterAPI

/// One version that the API has.
final class Version: Sendable {
    let name: VersionName
    /// Which option names it, and which of its values, for `sluice explain`.
    let option: (name: String, value: Int)
    let lifecycle: Lifecycle
    let microversions: MicroversionRange?
    /// As the file says; nil to go by its age.
    let status: VersionStatus?
    /// The path segment that the app gets, without the slash; empty where it gets none or where paths stay as they are.
    let segment: [UInt8]
    /// `/` and the segment.
    let prefix: [UInt8]
    /// The app that has it, if not the pipeline's.
    let app: String?
    /// When its description changed last, for version lists.
    let updated: Int64?
    /// Its documentation, for version lists.
    let documentation: String?

    var isExperimental: Bool { status == .experimental }

    /// The segment that clients use for it.
    var publicSegment: String { segment.isEmpty ? name.text : String(decoding: segment, as: UTF8.self) }

    init(
        _ text: String, _ attributes: OptionValues?, option: String, at index: Int, appPath: AppPath, links: VersionLinks
    ) throws(ConfigurationError) {
        func fault(_ message: String, expected: String? = nil, _ help: String? = nil) -> ConfigurationError {
            ConfigurationError(message, option: option, value: index, expected: expected, help: help)
        }
        guard let name = VersionName(text) else {
            throw fault("`\(text)` cannot be a version", expected: "up to 64 letters, digits, `.`, `-` and `_`, such as `v2.15` or `2026-11-28`")
        }
        guard !["latest", "min", "300"].contains(text.lowercased()) else { throw fault("`\(text)` has a meaning of its own", "give the version another name") }
        self.name = name
        self.option = (option, index)
        var status: VersionStatus?
        if let word = attributes?.word("status") { status = VersionStatus(rawValue: word) }
        self.status = status
        if let attributes, let range = attributes.word("microversions") {
            microversions = try MicroversionRange(attributes, range, at: index)
        } else {
            microversions = nil
        }
        if microversions == nil, let wrong = ["except", "default"].first(where: { attributes?.isGiven($0) == true }) {
            throw fault("`\(wrong)` says something of microversions, and `\(text)` has none", "add `microversions=2.1..2.96`")
        }
        if let path = attributes?.word("path") {
            guard appPath != .none, appPath != .keep else {
                throw fault("`path` has no meaning with `app-path = \(appPath.rawValue)`")
            }
            let bytes = Array(path.utf8)
            guard bytes.first == UInt8(ascii: "/"), bytes.count > 1, bytes.count <= 65, bytes.dropFirst().allSatisfy(\.isVersionCharacter) else {
                throw fault(
                    "`\(path)` is not one segment of a path", expected: "a segment such as `/v2`",
                    "`replace-prefix` of a route puts longer prefixes in front")
            }
            segment = Array(bytes.dropFirst())
        } else {
            switch appPath {
            case .major: segment = name.family
            case .version: segment = name.bytes
            case .none, .keep: segment = []
            }
        }
        prefix = segment.isEmpty ? [] : [UInt8(ascii: "/")] + segment
        app = attributes?.word("app")
        updated = attributes?.date("updated")
        documentation = attributes?.word("docs")
        if let documentation, !Lifecycle.isReference(documentation) { throw fault("`\(documentation)` is not a URI reference") }
        lifecycle = try Lifecycle(text, attributes, at: index, successor: try links.successor(of: text, attributes, at: index))
    }
}

/// What becomes of the version's segment of a path.
enum AppPath: String {
    /// `/v2` for `v2.15`.
    case major
    /// `/v2.15`
    case version
    /// It is taken off.
    case none
    /// The path is not touched.
    case keep
}

/// Makes link targets of what `successor=` says.
struct VersionLinks {
    /// The names of all versions, and where clients find each; nil where versions are not in paths.
    let targets: [(name: String, target: String?)]

    func successor(of version: String, _ attributes: OptionValues?, at index: Int) throws(ConfigurationError) -> String? {
        guard let word = attributes?.word("successor") else { return nil }
        if let known = targets.first(where: { $0.name == word }) {
            guard word != version else {
                throw ConfigurationError("`\(word)` cannot succeed itself", option: "version", value: index)
            }
            guard let target = known.target else {
                throw ConfigurationError(
                    "`\(word)` has no URI of its own: versions are not in paths here", option: "version", value: index,
                    help: "give the URI of its documentation instead")
            }
            return target
        }
        guard word.contains("/") else {
            throw ConfigurationError(
                "`\(word)` is neither a version nor a URI", option: "version", value: index,
                expected: "the name of another version, or a URI reference with a `/`")
        }
        return word
    }
}

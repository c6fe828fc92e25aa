import FilterAPI

/// What a text of a request means.
struct VersionMatch: Equatable {
    /// An index of `VersionCatalog.versions`.
    var version: Int
    /// The text names all versions that share one path of the app, and `version` is the best of them.
    var isFamily = false
    var microversion: Microversion?
}

enum Finding: Equatable {
    /// The source says nothing.
    case none
    case match(VersionMatch)
    /// It names a version that there is not.
    case unknown
    /// It says something that cannot be a version.
    case malformed
}

/// All versions, and what they are called. An object, like the other large parts of `VersionRules`: whoever uses one of them copies nothing.
final class VersionCatalog: Sendable {
    /// In the order of the file.
    let versions: [Version]
    private let kept: KeptObjects<Version>
    /// The same from the oldest to the newest.
    private let ascending: [Int]
    /// Some version is written with a `v`.
    private let hasPrefixes: Bool
    private let hasMicroversions: Bool
    /// A word that is no version's name means the newest version that is not newer.
    private let takesOlder: Bool

    init(_ versions: [Version], takesOlder: Bool) throws(ConfigurationError) {
        self.versions = versions
        kept = KeptObjects(versions)
        self.takesOlder = takesOlder
        ascending = versions.indices.sorted {
            let order = versions[$0].name.order(versions[$1].name)
            return order == 0 ? $0 > $1 : order < 0
        }
        hasMicroversions = versions.contains { $0.microversions != nil }
        hasPrefixes = versions.contains(where: \.name.hasPrefix)
        for (position, version) in versions.enumerated() {
            for other in versions[..<position] where other.name.bare.map(\.asciiLowercased) == version.name.bare.map(\.asciiLowercased) {
                throw ConfigurationError(
                    "`\(version.name.text)` and `\(other.name.text)` are one version", option: version.option.name, value: version.option.value,
                    help: "a leading `v` and letter case do not count where versions stand in fields")
            }
            for other in versions[..<position] {
                guard let one = other.microversions, let two = version.microversions, one.lowest <= two.highest, two.lowest <= one.highest else { continue }
                throw ConfigurationError(
                    "`\(other.name.text)` and `\(version.name.text)` have microversions in common", option: version.option.name,
                    value: version.option.value)
            }
        }
        // Twice through such a filter must be as once: the app's path of a version leads to the same path again.
        for version in versions where !version.segment.isEmpty {
            guard let named = versions.first(where: { $0.name.bytes == version.segment }), named.segment != version.segment else { continue }
            throw ConfigurationError(
                "the app's path of `\(version.name.text)` is that of version `\(named.name.text)`, which has another",
                option: version.option.name, value: version.option.value, help: "a rewritten path must mean the same as before")
        }
    }

    /// Lends the version of an index, where a request is on its way.
    @inline(__always)
    func lend<R>(_ index: Int, _ body: (Version) -> R) -> R { kept.lend(index, body) }

    // MARK: Words

    /// What a path segment means. A segment that could be no version says nothing.
    func segment(_ bytes: Span<UInt8>, _ segment: ByteRange, now: Int64) -> Finding {
        guard segment.count > 0 else { return .none }
        if let match = exactSegment(bytes, segment, now: now) { return .match(match) }
        return looksLikeVersion(bytes, segment) ? .unknown : .none
    }

    /// The version whose name, or the family whose path, the segment is.
    func exactSegment(_ bytes: Span<UInt8>, _ segment: ByteRange, now: Int64) -> VersionMatch? {
        for index in 0..<kept.count where kept.lend(index, { $0.name.isSegment(bytes, segment) }) { return VersionMatch(version: index) }
        for index in 0..<kept.count where kept.lend(index, { !$0.segment.isEmpty && bytes.isSegment(segment, $0.segment) }) {
            return VersionMatch(version: best(inFamilyOf: index, now: now), isFamily: true)
        }
        return nil
    }

    /// What a word of a field or a query means.
    ///
    /// - Parameter preferred: the version that the path names, if it does: `latest` and microversions are then its.
    func word(_ bytes: Span<UInt8>, _ word: ByteRange, preferring preferred: VersionMatch?, now: Int64) -> Finding {
        if bytes.matches(word, ignoringCase: "latest") { return latest(preferring: preferred, now: now) }
        if let microversion = Microversion(bytes, word) {
            if let preferred, let range = versions[preferred.version].microversions {
                return range.contains(microversion) ? .match(VersionMatch(version: preferred.version, microversion: microversion)) : .unknown
            }
            for index in versions.indices where versions[index].microversions?.contains(microversion) == true {
                return .match(VersionMatch(version: index, microversion: microversion))
            }
        }
        for index in versions.indices where versions[index].name.isWord(bytes, word) {
            // A number that is not among the microversions of the version of that name is not served.
            if versions[index].microversions != nil && Microversion(bytes, word) != nil { return .unknown }
            return .match(VersionMatch(version: index))
        }
        for index in versions.indices where !versions[index].segment.isEmpty && isFamily(bytes, word, versions[index].segment) {
            if let preferred, versions[preferred.version].segment == versions[index].segment {
                return .match(VersionMatch(version: preferred.version, isFamily: preferred.isFamily))
            }
            return .match(VersionMatch(version: best(inFamilyOf: index, now: now), isFamily: true))
        }
        // Microversions have a form that is fixed, so that anything else is a mistake.
        if hasMicroversions { return Microversion(bytes, word) != nil ? .unknown : .malformed }
        let couldBe = hasShape(bytes, word, ofSegment: false)
        if takesOlder && couldBe, let older = newest(notAfter: word, bytes, now: now) { return .match(VersionMatch(version: older)) }
        return couldBe || isBareNumber(bytes, word) ? .unknown : .malformed
    }

    private func isFamily(_ bytes: Span<UInt8>, _ word: ByteRange, _ segment: [UInt8]) -> Bool {
        bytes.isWord(word, segment) || VersionName.hasPrefix(segment.span) && bytes.isWord(word, segment, without: 1)
    }

    /// Digits and dots, perhaps behind a `v`: a version somewhere, but not one here.
    private func isBareNumber(_ bytes: Span<UInt8>, _ word: ByteRange) -> Bool {
        guard word.count > 0 else { return false }
        var at = word.lower
        if VersionName.hasPrefix(bytes.extracting(word.range)) { at &+= 1 }
        guard at < word.upper, bytes[at].isDigit else { return false }
        while at < word.upper {
            guard bytes[at].isDigit || bytes[at] == UInt8(ascii: ".") else { return false }
            at &+= 1
        }
        return true
    }

    private func looksLikeVersion(_ bytes: Span<UInt8>, _ segment: ByteRange) -> Bool {
        if hasPrefixes && VersionName.hasPrefix(bytes.extracting(segment.range)) {
            var at = segment.lower &+ 1
            while at < segment.upper, bytes[at].isDigit || bytes[at].isVersionCharacter && !bytes[at].isAlphanumeric { at &+= 1 }
            if at == segment.upper { return true }
        }
        return hasShape(bytes, segment, ofSegment: true)
    }

    /// Whether the bytes look like the name of some version; a segment needs the `v` where the name has one.
    private func hasShape(_ bytes: Span<UInt8>, _ word: ByteRange, ofSegment: Bool) -> Bool {
        let hasPrefix = VersionName.hasPrefix(bytes.extracting(word.range))
        for index in versions.indices {
            let name = versions[index].name
            if ofSegment && name.hasPrefix != hasPrefix { continue }
            if name.hasShape(of: bytes, word) { return true }
        }
        return false
    }

    // MARK: The newest and the oldest

    private func latest(preferring preferred: VersionMatch?, now: Int64) -> Finding {
        if let preferred, let range = versions[preferred.version].microversions {
            return .match(VersionMatch(version: preferred.version, microversion: range.highest))
        }
        guard let index = newest(now) else { return .unknown }
        return .match(VersionMatch(version: index, microversion: versions[index].microversions?.highest))
    }

    /// The newest version that can be had; an experimental one only where there is no other.
    func newest(_ now: Int64) -> Int? { newest(nil, now) }

    func oldest(_ now: Int64) -> Int? {
        var experimental: Int?
        for index in ascending.indices {
            let version = versions[ascending[index]]
            guard version.lifecycle.isAvailable(now) else { continue }
            if !version.isExperimental { return ascending[index] }
            if experimental == nil { experimental = ascending[index] }
        }
        return experimental
    }

    private func newest(_ segment: [UInt8]?, _ now: Int64) -> Int? {
        var experimental: Int?
        var position = ascending.count
        while position > 0 {
            position &-= 1
            let version = versions[ascending[position]]
            if let segment, version.segment != segment { continue }
            guard version.lifecycle.isAvailable(now) else { continue }
            if !version.isExperimental { return ascending[position] }
            if experimental == nil { experimental = ascending[position] }
        }
        return experimental
    }

    /// The newest of those with the same app's path that can be had.
    private func best(inFamilyOf index: Int, now: Int64) -> Int {
        if let newest = newest(versions[index].segment, now) { return newest }
        return ascending.last { versions[$0].segment == versions[index].segment } ?? index
    }

    private func newest(notAfter word: ByteRange, _ bytes: Span<UInt8>, now: Int64) -> Int? {
        guard word.count <= VersionName.mostBytes, let name = VersionName(bytes.text(word)) else { return nil }
        return ascending.last {
            versions[$0].name.shape == name.shape && versions[$0].name.order(name) < 0 && versions[$0].lifecycle.isAvailable(now)
                && !versions[$0].isExperimental
        }
    }

    // MARK: What sources agree on

    /// What two texts mean together; nil if they contradict each other.
    func merged(_ one: VersionMatch, _ two: VersionMatch) -> VersionMatch? {
        if one.version == two.version {
            if let first = one.microversion, let second = two.microversion, first != second { return nil }
            return VersionMatch(
                version: one.version, isFamily: one.isFamily && two.isFamily, microversion: one.microversion ?? two.microversion)
        }
        guard versions[one.version].segment == versions[two.version].segment else { return nil }
        if one.isFamily { return two }
        return two.isFamily ? one : nil
    }

    /// The status that version lists show.
    func status(of index: Int, now: Int64) -> VersionStatus {
        let version = versions[index]
        if let status = version.status { return status }
        if let deprecatedAt = version.lifecycle.deprecatedAt, deprecatedAt <= now { return .deprecated }
        return newest(now) == index ? .current : .supported
    }
}

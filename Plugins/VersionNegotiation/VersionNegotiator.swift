import FilterAPI

/// The filter on one loop.
final class VersionNegotiator: RequestFilter, ResponseFilter {
    private let rules: VersionRules
    // Of the rules, what every request meets: read by way of `rules` it would be counted each time.
    private let catalog: VersionCatalog
    private let marker: FieldName?
    private let appFields: KeptObjects<VersionField>
    private let responseFields: KeptObjects<VersionField>
    private let apps: [AppReference?]
    private let clock: LoopClock
    private let slot: StateSlot<VersionChoice>
    private let replies: VersionReplies

    init(_ rules: VersionRules, apps: [AppReference?], clock: LoopClock, slot: StateSlot<VersionChoice>) {
        self.rules = rules
        catalog = rules.catalog
        marker = rules.marker
        appFields = KeptObjects(rules.appFields)
        responseFields = KeptObjects(rules.responseFields)
        self.apps = apps
        self.clock = clock
        self.slot = slot
        replies = VersionReplies(rules)
    }

    func processRequest(_ request: inout Request) -> RequestDecision {
        let now = clock.wallSeconds
        if isDecided(request) {
            request.explain("a filter before this one has found the version", by: "app-field")
            return .forward
        }
        if rules.isGlance { return processAsGlance(&request, now: now) }
        if request.isAsterisk {
            request.explain("the request is about the server as a whole: no version")
            strip(&request)
            return .forward
        }
        if let reply = endpoint(request, now: now) { return .respond(reply) }
        let segment = PathSegment.first(of: request)
        let outcome = negotiate(request, segment, now: now)
        switch outcome {
        case .version(let match, let isInPath):
            return catalog.lend(match.version) { admit(match, $0, &request, segment, isInPath: isInPath, now: now) }
        case .missing: return missing(&request, segment, now: now)
        case .unknown(let source): return .respond(unknown(source, request, segment, now: now))
        case .malformed(let source):
            request.explain("what \(source.rawValue) says cannot be a version", by: "sources")
            return .respond(replies.refusal(400, VersionReason.malformed, now: now))
        case .conflict(let one, let two):
            request.explain("\(one.rawValue) and \(two.rawValue) contradict each other", by: "on-conflict")
            return .respond(replies.refusal(400, VersionReason.conflict, now: now))
        }
    }

    func processResponse(_ response: inout Response, for request: borrowing Request) {
        let choice = request[slot]
        guard choice.number > 0 else { return }
        for index in rules.varying.indices { response.vary(on: rules.varying[index]) }
        for index in 0..<responseFields.count {
            responseFields.lend(index) {
                response.fields.remove($0.name)
                $0.append(to: &response.fields, choice)
            }
        }
        catalog.lend(choice.version) { $0.lifecycle.tell(&response.fields) }
    }

    /// A filter like this one has told the app the version already. Twice is as once.
    private func isDecided(_ request: borrowing Request) -> Bool {
        guard let name = marker else { return false }
        var index = request.fields.firstIndex(of: name)
        while let line = index {
            if request.fields.isAdded(at: line) { return true }
            index = request.fields.firstIndex(of: name, from: line &+ 1)
        }
        return false
    }

    // MARK: Finding the version

    private enum Outcome {
        /// With whether the path names a version, this or another: the segment is then no part of what the app gets.
        case version(VersionMatch, isInPath: Bool)
        case missing
        case unknown(VersionSource)
        case malformed(VersionSource)
        case conflict(VersionSource, VersionSource)
    }

    private func negotiate(_ request: borrowing Request, _ segment: ByteRange, now: Int64) -> Outcome {
        let path = rules.looksAtPath ? pathFinding(request, segment, now) : .none
        var preferred: VersionMatch? = nil
        if case .match(let match) = path { preferred = match }
        let header = rules.looksAtHeaders ? headerFinding(request, preferred, now) : .none
        if preferred == nil, case .match(let match) = header { preferred = match }
        let query = queryFinding(request, preferred, now)
        if preferred == nil, case .match(let match) = query { preferred = match }
        let accept = rules.looksAtAccept
            ? rules.mediaTypes.find(request.fields, catalog, preferring: preferred, now: now) : .none

        var found: VersionMatch?
        var first = VersionSource.path
        var unknown: VersionSource?
        var conflicting: VersionSource?
        // By index here and elsewhere on the path of a request: without optimisation a walk over an array allocates.
        for index in rules.sources.indices {
            let source = rules.sources[index]
            let finding: Finding =
                switch source {
                case .path: path
                case .header: header
                case .query: query
                case .accept: accept
                }
            switch finding {
            case .none: continue
            case .malformed: if found == nil || !rules.firstWins { return .malformed(source) }
            case .unknown:
                if unknown == nil { unknown = source }
                if found == nil && rules.firstWins { return .unknown(source) }
            case .match(let match):
                guard let known = found else {
                    found = match
                    first = source
                    continue
                }
                if let merged = catalog.merged(known, match) { found = merged } else if conflicting == nil { conflicting = source }
            }
        }
        if !rules.firstWins {
            if let unknown { return .unknown(unknown) }
            if let conflicting { return .conflict(first, conflicting) }
        }
        guard let found else { return .missing }
        request.explain("version \(name(found)), from \(first.rawValue)", by: catalog.versions[found.version].option.name, value: catalog.versions[found.version].option.value)
        if case .match = path { return .version(found, isInPath: true) }
        return .version(found, isInPath: false)
    }

    private func pathFinding(_ request: borrowing Request, _ segment: ByteRange, _ now: Int64) -> Finding {
        let finding = catalog.segment(request.fields.bytes, segment, now: now)
        guard finding == .none else { return finding }
        // `/v1;a` names no version here, but to some apps it does: not passed on under another.
        let name = PathSegment.name(of: segment, request)
        return catalog.segment(request.fields.bytes, name, now: now) == .none ? .none : .unknown
    }

    private func headerFinding(_ request: borrowing Request, _ preferred: VersionMatch?, _ now: Int64) -> Finding {
        for index in rules.headers.indices {
            guard let word = rules.headers[index].word(request.fields) else { continue }
            return catalog.word(request.fields.bytes, word, preferring: preferred, now: now)
        }
        return .none
    }

    private func queryFinding(_ request: borrowing Request, _ preferred: VersionMatch?, _ now: Int64) -> Finding {
        guard let parameter = rules.parameter, !request.queryRange.isEmpty else { return .none }
        return switch parameter.value(request.fields.bytes, request.queryRange) {
        case .none: .none
        case .ambiguous: .malformed
        case .word(let word): catalog.word(request.fields.bytes, word, preferring: preferred, now: now)
        }
    }

    private func name(_ match: VersionMatch) -> String {
        let name = catalog.versions[match.version].name.text
        return match.microversion.map { "\(name), microversion \($0.text)" } ?? name
    }

    // MARK: Going on with a version

    private func admit(
        _ found: VersionMatch, _ version: Version, _ request: inout Request, _ segment: ByteRange, isInPath: Bool, now: Int64
    ) -> RequestDecision {
        var match = found
        switch version.lifecycle.availability(now) {
        case .available: break
        case .ended:
            request.explain("version \(version.name.text) has ended", by: version.option.name, value: version.option.value)
            return .respond(replies.unavailable(match.version, until: nil, now: now))
        case .brownOut(let end):
            request.explain("version \(version.name.text) is in a brown-out", by: version.option.name, value: version.option.value)
            return .respond(replies.unavailable(match.version, until: end, now: now))
        }
        if match.microversion == nil { match.microversion = version.microversions?.standard }
        let rest = isInPath ? PathSegment.length(segment) : 0
        if rules.lists.givesDocuments && isInPath && request.isReading && PathSegment.isAlone(segment, request) {
            return .respond(replies.document(match, request, now: now))
        }
        switch rules.appPath {
        case .keep: break
        case .none:
            guard isInPath else { break }
            // Nothing tells another such filter that the next segment is not its own.
            let second = PathSegment.first(of: request, from: rest)
            if rules.marker == nil, catalog.exactSegment(request.fields.bytes, second, now: now) != nil {
                request.explain("the path names a version twice", by: "app-path")
                return .respond(unknown(.path, request, segment, now: now))
            }
            request.replacePathPrefix(rest, with: Span<UInt8>())
        case .major, .version:
            if !isInPath || !PathSegment.isLiteral(segment, version.segment, request) {
                let prefix = version.prefix
                request.replacePathPrefix(rest, with: prefix.span)
            }
        }
        tell(VersionChoice(match), &request)
        return .forward
    }

    /// Tells the app, and remembers for the response.
    private func tell(_ choice: VersionChoice, _ request: inout Request) {
        strip(&request)
        for index in 0..<appFields.count { appFields.lend(index) { $0.append(to: &request.fields, choice) } }
        for index in rules.headers.indices { request.fields.stripAliases(of: rules.headers[index].name) }
        if let app = apps[choice.version] {
            request.explain("version \(catalog.versions[choice.version].name.text) has an app of its own", by: "version")
            request.send(to: app)
        }
        request[slot] = choice
    }

    private func strip(_ request: inout Request) {
        for index in 0..<appFields.count { appFields.lend(index) { request.fields.strip($0.name) } }
    }

    // MARK: Answers

    /// The list, where the path is its.
    private func endpoint(_ request: borrowing Request, now: Int64) -> Reply? {
        guard rules.lists.shape != .off, request.isReading else { return nil }
        if rules.lists.shape != .glance && request.pathRange.count <= 1 {
            request.explain("`/` is the version list", by: "list")
            return replies.root(request, now: now)
        }
        guard !rules.lists.path.isEmpty, PathSegment.isPath(rules.lists.path, request) else { return nil }
        request.explain("the path is that of the version list", by: "list-path")
        return replies.list(request, now: now)
    }

    private func missing(_ request: inout Request, _ segment: ByteRange, now: Int64) -> RequestDecision {
        let match: VersionMatch?
        switch rules.standard {
        case .pinned(let pinned): match = pinned
        case .oldest: match = catalog.oldest(now).map { VersionMatch(version: $0, microversion: catalog.versions[$0].microversions?.lowest) }
        case .newest: match = catalog.newest(now).map { VersionMatch(version: $0, microversion: catalog.versions[$0].microversions?.highest) }
        case .list: match = nil
        }
        if let match {
            request.explain("no version is named: \(name(match))", by: "default")
            return catalog.lend(match.version) { admit(match, $0, &request, segment, isInPath: false, now: now) }
        }
        request.explain("no version is named", by: "default")
        if request.isReading { return .respond(replies.choices(request, rest: request.path, now: now)) }
        return .respond(replies.refusal(rules.looksAtPath ? 404 : 406, VersionReason.missing, now: now))
    }

    private func unknown(_ source: VersionSource, _ request: borrowing Request, _ segment: ByteRange, now: Int64) -> Reply {
        request.explain("\(source.rawValue) names no version that there is", by: "unknown")
        let isInField = source == .header || source == .accept
        let status: UInt16
        switch rules.unknown {
        case .auto: status = isInField ? 406 : 300
        case .multipleChoices: status = 300
        case .notFound: status = 404
        case .notAcceptable: status = 406
        case .gone: status = 410
        }
        guard status == 300 else { return replies.refusal(status, VersionReason.unknown, now: now) }
        guard request.isReading else { return replies.refusal(isInField ? 406 : 404, VersionReason.unknown, now: now) }
        let rest = source == .path ? String(request.path.utf8.dropFirst(PathSegment.length(segment))) ?? "" : request.path
        return replies.choices(request, rest: rest, now: now)
    }

    // MARK: Glance

    /// The decisions of Glance's own filter, in its order.
    private func processAsGlance(_ request: inout Request, now: Int64) -> RequestDecision {
        let segment = PathSegment.first(of: request)
        if request.fields.bytes.isSegment(segment, GlanceAccept.listSegment) {
            request.explain("the path is that of the version list", by: "compatibility")
            return .respond(replies.list(request, now: now))
        }
        var match: VersionMatch?
        var removed = 0
        switch GlanceAccept.read(request.fields, prefix: rules.glancePrefix ?? []) {
        case .path:
            removed = segment.upper &- request.pathRange.lower
            match = catalog.exactSegment(request.fields.bytes, segment, now: now)
        case .version(let word): match = catalog.exactSegment(request.fields.bytes, word, now: now)
        case .other: match = nil
        }
        guard let match, !request.isAsterisk else {
            request.explain("the request names no version that there is", by: "compatibility")
            return .respond(replies.choices(request, rest: "", now: now))
        }
        let version = catalog.versions[match.version]
        switch version.lifecycle.availability(now) {
        case .available: break
        case .ended: return .respond(replies.unavailable(match.version, until: nil, now: now))
        case .brownOut(let end): return .respond(replies.unavailable(match.version, until: end, now: now))
        }
        request.explain("version \(version.name.text)", by: version.option.name, value: version.option.value)
        let prefix = version.prefix
        request.replacePathPrefix(removed, with: prefix.span)
        tell(VersionChoice(match), &request)
        return .forward
    }
}

extension Request {
    /// GET or HEAD.
    var isReading: Bool { method == .get || method == .head }
}

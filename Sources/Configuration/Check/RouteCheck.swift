/// A route as it stands in the file, read but not yet connected to its destination.
struct CheckedRoute {
    var host: HostPattern?
    var path: RoutePath
    var destination: Word
    var rewrite: PathRewrite
    var key: SourceRange
}

/// Reads the routes of one router. Reports everything that is wrong in them.
struct RouteCheck {
    private let section: Section
    private struct Place: Hashable {
        var host: HostPattern?
        var path: RoutePath
    }

    init(_ section: Section) { self.section = section }

    func run(_ report: inout Report) -> [CheckedRoute] {
        if section.entries.isEmpty {
            report.error(
                .routerEmpty, at: section.header, "\(section.title) has no routes", expected: "routes such as `/ = app`",
                leavesGap: true)
        }
        var routes: [CheckedRoute] = []
        var seen: [Place: SourceRange] = [:]
        for entry in section.entries where !entry.key.isBroken {
            // The value is read even if the key is wrong, so that both are reported at once.
            let key = key(entry.key, &report)
            let value = value(entry, key?.path, &report)
            guard let key, let value else { continue }
            let place = Place(host: key.host, path: key.path)
            if let first = seen.updateValue(entry.key.range, forKey: place) {
                seen[place] = first
                report.error(
                    .routeDuplicate, at: entry.key.range, "two routes for \(quoted(spelling(place))) in \(section.title)",
                    help: "which one a request takes must not depend on their order; a slash at the end makes no difference",
                    notes: [("the other one", first)], leavesGap: true)
                continue
            }
            routes.append(
                CheckedRoute(
                    host: key.host, path: key.path, destination: value.destination, rewrite: value.rewrite,
                    key: entry.key.range))
        }
        return routes
    }

    private func spelling(_ place: Place) -> String { (place.host?.description ?? "") + place.path.text }

    // MARK: Keys

    private func key(_ word: Word, _ report: inout Report) -> (host: HostPattern?, path: RoutePath)? {
        let bytes = Array(word.text.utf8)
        if let mark = word.text.firstRange(of: "://") {
            let offset = word.text[..<mark.upperBound].utf8.count
            report.error(
                .routeKey, at: part(0..<offset, of: word), "a route has no scheme", expected: "`[host]/path`",
                help: "write `\(word.text[mark.upperBound...].prefix(60))`", leavesGap: true)
            return nil
        }
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else {
            let isHost = bytes.contains(UInt8(ascii: ".")) || bytes.contains(UInt8(ascii: ":")) || word.text == "localhost"
            report.error(
                .routeKey, at: word.range, "\(quoted(word.text)) is not a route", expected: "`[host]/path`",
                help: "did you mean \(quoted(isHost ? word.text + "/" : "/" + word.text))?", leavesGap: true)
            return nil
        }
        var host: HostPattern?
        var isWrong = false
        if slash > 0 {
            let text = String(decoding: bytes[..<slash], as: UTF8.self)
            do throws(ValueFault) {
                host = try HostPattern.parse(text)
            } catch {
                isWrong = true
                report.error(
                    error.code, at: part(error.part ?? 0..<slash, of: word), error.message, help: error.help, leavesGap: true)
            }
        }
        guard let path = path(String(decoding: bytes[slash...], as: UTF8.self), at: slash, in: word, &report), !isWrong else {
            return nil
        }
        return (host, path)
    }

    /// Reads a path that stands in `word` from the byte at `offset` on.
    private func path(_ text: String, at offset: Int, in word: Word, _ report: inout Report) -> RoutePath? {
        do throws(ValueFault) {
            return try RoutePath(text)
        } catch {
            let range = error.part ?? 0..<text.utf8.count
            report.error(
                error.code, at: part(range.lowerBound + offset..<range.upperBound + offset, of: word), error.message,
                help: error.help, leavesGap: true)
            return nil
        }
    }

    private func part(_ range: Range<Int>, of word: Word) -> SourceRange {
        word.isVerbatim ? word.range.part(range) : word.range
    }

    // MARK: Values

    private static let strip = "strip-prefix"
    private static let replace = "replace-prefix="

    private func value(
        _ entry: Entry, _ path: RoutePath?, _ report: inout Report
    ) -> (destination: Word, rewrite: PathRewrite)? {
        guard !entry.isBroken else { return nil }
        guard let destination = entry.value.first else {
            report.error(
                .valueMissing, at: entry.valueRange, "the route \(quoted(entry.key.text)) leads nowhere",
                expected: "an app, a router or a pipeline", leavesGap: true)
            return nil
        }
        var rewrite = PathRewrite.none
        var first: Word?
        for word in entry.value.dropFirst() where !word.isBroken {
            if word.text == "=" {
                // The line was cut at an earlier `=`, which was a part of the key.
                if path != nil {
                    report.error(
                        .routeKey, at: word.range, "a second `=` in a route", help: "put a key that has a `=` in it into quotes",
                        leavesGap: true)
                }
                return nil
            }
            guard let new = self.rewrite(word, entry, &report) else { break }
            if let first {
                report.error(
                    .routeRewrite, at: word.range, "a route rewrites the path once",
                    help: "`\(Self.replace)/new` takes the old prefix off as well", notes: [("rewritten here already", first.range)])
                break
            }
            first = word
            rewrite = new
            if new == .stripPrefix, word.text == Self.strip, path?.segments.isEmpty == true {
                report.warning(
                    .optionWithoutEffect, at: word.range, "`\(Self.strip)` has no effect on a route for `/`")
            }
        }
        return destination.isBroken ? nil : (destination, rewrite)
    }

    private func rewrite(_ word: Word, _ entry: Entry, _ report: inout Report) -> PathRewrite? {
        if word.text == Self.strip { return .stripPrefix }
        if word.text.hasPrefix(Self.replace) {
            let text = String(word.text.dropFirst(Self.replace.utf8.count))
            guard !text.isEmpty else {
                report.error(
                    .routeRewrite, at: word.range, "`replace-prefix` has no path", expected: "`replace-prefix=/new`",
                    help: "to take the prefix off, write `\(Self.strip)`")
                return nil
            }
            guard let path = path(text, at: Self.replace.utf8.count, in: word, &report) else { return nil }
            // To replace a prefix by nothing is to strip it.
            return path.segments.isEmpty ? .stripPrefix : .replacePrefix(path.text)
        }
        let near = report.suggestion(for: word.text, among: [Self.strip, "replace-prefix=/new"])
        let isName = word.text.utf8.allSatisfy { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "/") }
        report.error(
            .routeRewrite, at: word.range, "\(quoted(word.text)) is not a rewrite of the path",
            expected: "`\(Self.strip)` or `replace-prefix=/new`",
            help: near ?? (isName ? "a route leads to one place; several filters and an app make a `[pipeline:NAME]`" : nil))
        return nil
    }
}

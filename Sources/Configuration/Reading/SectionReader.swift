/// Reads a file, and those that it includes, into one list of sections.
struct SectionReader {
    private let files: any ConfigurationFiles
    private let environment: [String: String]
    private(set) var sections: [Section] = []
    /// The files that are being read, outermost first, normalised.
    private var stack: [String] = []
    /// Every file that was read, and the `include` that asked for it.
    private var seen: [String: SourceRange] = [:]

    /// Deeper is a mistake, and includes through symbolic links never repeat a path.
    private static let depthLimit = 16

    init(files: any ConfigurationFiles, environment: [String: String]) {
        self.files = files
        self.environment = environment
    }

    /// Reads the file that the operator named. What is wrong is reported; what is right is read all the same.
    mutating func read(_ path: String, _ report: inout Report) {
        do throws(FileFailure) {
            let bytes = try files.read(path)
            read(path, bytes, &report)
        } catch {
            let index = report.add(SourceFile(name: path, bytes: []))
            report.error(.fileUnreadable, inFile: index, "cannot read \(quoted(path)): \(error.message)")
        }
    }

    private mutating func read(_ path: String, _ bytes: [UInt8], _ report: inout Report) {
        guard bytes.count <= SourceFile.sizeLimit else {
            let index = report.add(SourceFile(name: path, bytes: []))
            report.error(
                .fileTooLarge, inFile: index, "\(quoted(path)) is larger than \(SourceFile.sizeLimit >> 20) MiB",
                help: "is it really a configuration?")
            return
        }
        let source = SourceFile(name: path, bytes: bytes)
        let index = report.add(source)
        checkCharacters(source, file: index, &report)
        stack.append(PathText.normalized(path))
        defer { stack.removeLast() }
        var parser = SectionParser(source, file: index, environment: environment)
        for item in parser.parse(&report) {
            switch item {
            case .section(let section): sections.append(section)
            case .include(let entry): include(entry, from: path, &report)
            }
        }
    }

    private mutating func include(_ entry: Entry, from path: String, _ report: inout Report) {
        if entry.value.isEmpty {
            report.error(
                .valueMissing, at: entry.valueRange, "`include` has no value",
                expected: "files, such as `conf.d/*.conf`", leavesGap: true)
        }
        for word in entry.value where !word.isBroken {
            let target = PathText.resolved(word.text, besides: path)
            if PathText.isPattern(target) {
                for match in files.match(target).sorted() { include(match, at: word.range, isMatch: true, &report) }
            } else {
                include(target, at: word.range, isMatch: false, &report)
            }
        }
    }

    /// - Parameter isMatch: whether a pattern found the file: then it may well have been included by name before.
    private mutating func include(_ path: String, at range: SourceRange, isMatch: Bool, _ report: inout Report) {
        let normalized = PathText.normalized(path)
        if let start = stack.firstIndex(of: normalized) {
            let loop = (stack[start...] + [normalized]).joined(separator: " → ")
            report.error(.includeLoop, at: range, "this includes the file that it stands in: \(loop)", leavesGap: true)
            return
        }
        if let first = seen[normalized] {
            guard !isMatch else { return }
            report.warning(
                .includeTwice, at: range, "\(quoted(path)) is included already; this one has no effect",
                notes: [("first included here", first)])
            return
        }
        guard stack.count < Self.depthLimit else {
            report.error(
                .includeTooDeep, at: range, "includes are nested more than \(Self.depthLimit) files deep", leavesGap: true)
            return
        }
        seen[normalized] = range
        do throws(FileFailure) {
            let bytes = try files.read(path)
            read(path, bytes, &report)
        } catch {
            if error.isMissing {
                report.error(
                    .includeNotFound, at: range, "there is no file \(quoted(path))",
                    help: "the path is relative to the file that includes it; a pattern such as `*.conf` may match nothing",
                    leavesGap: true)
            } else {
                report.error(.includeUnreadable, at: range, "cannot read \(quoted(path)): \(error.message)", leavesGap: true)
            }
        }
    }

    /// A configuration is UTF-8 text without control characters.
    private func checkCharacters(_ source: SourceFile, file: Int, _ report: inout Report) {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: source.bytes.span)
        } catch {
            report.error(
                .fileEncoding, at: SourceRange(file: file, error.byteOffsets), "the file is not UTF-8 text from here on",
                help: "save it as UTF-8", leavesGap: true)
        }
        for (offset, byte) in source.bytes.enumerated() where byte < 0x20 || byte == 0x7F {
            switch byte {
            case UInt8(ascii: "\t"), UInt8(ascii: "\n"): continue
            case UInt8(ascii: "\r") where offset + 1 < source.bytes.count && source.bytes[offset + 1] == UInt8(ascii: "\n"): continue
            default: break
            }
            let digits = String(byte, radix: 16, uppercase: true)
            report.error(
                .fileControlCharacter, at: SourceRange(file: file, offset..<offset + 1),
                "a control character (0x\(digits.utf8.count == 1 ? "0" : "")\(digits)) in the text",
                help: byte == UInt8(ascii: "\r") ? "lines end with LF or CR LF" : "remove it", leavesGap: true)
            // One is enough: a binary file has thousands.
            return
        }
    }
}

import FilterAPI

/// A hash that libcrypt can compute, and that does not take for ever.
struct PasswordHash: Sendable, Equatable {
    let text: String
    /// About how long it takes, in thousandths of a second on a core of today. Only for comparing.
    let cost: Int
}

/// The users of an htpasswd file.
struct PasswordFile: Sendable {
    static let mostBytes = 4 << 20

    private(set) var hashes: [[UInt8]: PasswordHash] = [:]
    /// What a name that is not in the file is compared with.
    let costliest: PasswordHash

    init(_ content: FileContent, _ path: String) throws(ConfigurationError) {
        let bytes: [UInt8]
        switch content {
        case .bytes(let found): bytes = found
        case .missing:
            throw ConfigurationError("there is no file `\(path)`", option: "users-file", help: "`htpasswd -cB \(path) NAME` makes one")
        case .unreadable(let why): throw ConfigurationError("`\(path)` cannot be read: \(why)", option: "users-file")
        }
        var lines: [[UInt8]: Int] = [:]
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard let (user, hash) = try Self.entry(line, "`\(path)`, line \(index + 1)") else { continue }
            if let first = lines.updateValue(index + 1, forKey: user) {
                throw ConfigurationError(
                    "`\(path)`, line \(index + 1): the user `\(Self.text(user))` stands in line \(first) too", option: "users-file", help: "remove one of them")
            }
            hashes[user] = hash
        }
        guard let costliest = hashes.values.max(by: { $0.cost < $1.cost }) else {
            throw ConfigurationError("`\(path)` has no users", option: "users-file", help: "`htpasswd -B \(path) NAME` adds one")
        }
        self.costliest = costliest
    }

    /// Nil for an empty line and a comment.
    private static func entry(_ line: ArraySlice<UInt8>, _ place: String) throws(ConfigurationError) -> ([UInt8], PasswordHash)? {
        var line = line
        while let last = line.last, last == 0x0D || last.isFieldSpace { line.removeLast() }
        guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
        func fault(_ text: String, _ help: String? = nil) -> ConfigurationError {
            ConfigurationError("\(place): \(text)", option: "users-file", help: help)
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw fault("no `NAME:HASH`") }
        let user = Array(line[..<colon])
        guard !user.isEmpty, user.count <= CredentialText.mostUserBytes else { throw fault("the name has \(user.count) bytes", "it may have from 1 to 255") }
        // As a field value, such a name would be another one.
        guard user.first?.isFieldSpace == false, user.last?.isFieldSpace == false, user.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw fault("the name has control characters, or blanks around it")
        }
        let hash = String(decoding: line[(colon + 1)...], as: UTF8.self)
        let name = text(user)
        switch HashKind(hash) {
        case .usable(let cost):
            guard PasswordHash.isKnown(hash) else { throw fault("the hash of `\(name)` is none that this system's libcrypt computes", HashKind.advice) }
            return (user, PasswordHash(text: hash, cost: cost))
        case .costly(let what): throw fault("checking the hash of `\(name)` would take too long: \(what)", HashKind.advice)
        case .malformed(let what): throw fault("the hash of `\(name)` is a malformed \(what)", HashKind.advice)
        case .weak(let what): throw fault("the password of `\(name)` is kept as \(what), which is not safe", HashKind.advice)
        case .unknown: throw fault("the password of `\(name)` is plain text, or a hash that is not known here", HashKind.advice)
        }
    }

    private static func text(_ user: [UInt8]) -> String { String(decoding: user, as: UTF8.self) }
}

/// What stands behind the colon.
enum HashKind: Equatable {
    case usable(cost: Int)
    case costly(String)
    case malformed(String)
    /// Guessed too fast by whoever gets the file.
    case weak(String)
    case unknown

    static let advice = "make a bcrypt hash: `htpasswd -B -C 10 FILE NAME`"

    /// Above it a check takes longer than a second.
    private static let mostBcryptCost = 14
    private static let mostRounds = 1_000_000
    private static let mostYescryptBytes = 64 << 20

    init(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        if text.hasPrefix("$2") {
            self = Self.bcrypt(text, parts)
        } else if text.hasPrefix("$5$") {
            self = Self.shaCrypt("SHA-256", parts, digits: 43)
        } else if text.hasPrefix("$6$") {
            self = Self.shaCrypt("SHA-512", parts, digits: 86)
        } else if text.hasPrefix("$y$") {
            self = Self.yescrypt(parts)
        } else if text.hasPrefix("$apr1$") || text.hasPrefix("$1$") {
            self = .weak("MD5")
        } else if text.hasPrefix("{SHA}") {
            self = .weak("SHA-1 without a salt")
        } else if text.hasPrefix("{") {
            self = .weak("an LDAP hash")
        } else if text.utf8.count == 13, text.utf8.allSatisfy(Self.isDigit) {
            self = .weak("DES")
        } else {
            self = .unknown
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte.isAlphanumeric || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/") }

    /// `$2y$10$` and 53 digits.
    private static func bcrypt(_ text: String, _ parts: [String]) -> HashKind {
        guard parts.count == 4, ["2a", "2b", "2y"].contains(parts[1]), parts[2].utf8.count == 2, let cost = Int(parts[2]), cost >= 4, cost <= 31,
            parts[3].utf8.count == 53, parts[3].utf8.allSatisfy(isDigit)
        else { return .malformed("bcrypt hash") }
        return cost > mostBcryptCost ? .costly("a cost above \(mostBcryptCost)") : .usable(cost: (1 << cost) / 16)
    }

    /// `$6$`, perhaps `rounds=N$`, the salt, `$` and the digits.
    private static func shaCrypt(_ name: String, _ parts: [String], digits: Int) -> HashKind {
        var rounds = 5000
        var parts = parts[2...]
        if let first = parts.first, first.hasPrefix("rounds=") {
            guard let number = Int(first.dropFirst("rounds=".count)), number >= 1000 else { return .malformed("\(name) hash") }
            rounds = number
            parts = parts.dropFirst()
        }
        guard parts.count == 2, let hash = parts.last, hash.utf8.count == digits, hash.utf8.allSatisfy(isDigit) else { return .malformed("\(name) hash") }
        return rounds > mostRounds ? .costly("more than \(mostRounds) rounds") : .usable(cost: max(1, rounds / 1500))
    }

    /// `$y$`, the parameters, the salt and 43 digits. Parameters are `j`, the logarithm of N and r, each a digit that stands for one more.
    private static func yescrypt(_ parts: [String]) -> HashKind {
        guard parts.count == 5, parts[4].utf8.count == 43, parts[4].utf8.allSatisfy(isDigit), parts[3].utf8.allSatisfy(isDigit) else {
            return .malformed("yescrypt hash")
        }
        let parameters = Array(parts[2].utf8)
        guard parameters.count == 3, parameters[0] == UInt8(ascii: "j"), let logarithm = digit(parameters[1]), let width = digit(parameters[2]) else {
            return .costly("parameters that `mkpasswd` does not use")
        }
        guard logarithm < 30 else { return .costly("too much memory") }
        let bytes = 128 * (width + 1) << (logarithm + 1)
        return bytes > mostYescryptBytes ? .costly("more than \(mostYescryptBytes >> 20) MiB of memory") : .usable(cost: max(1, bytes >> 18))
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "."): 0
        case UInt8(ascii: "/"): 1
        case 0x30...0x39: Int(byte) - 0x30 + 2
        case 0x41...0x5A: Int(byte) - 0x41 + 12
        case 0x61...0x7A: Int(byte) - 0x61 + 38
        default: nil
        }
    }
}

import Foundation

/// A directory of its own, with certificates that `openssl` makes. Gone with the object.
package final class Forge: Sendable {
    package let directory: URL
    /// When the tests began, in seconds since 1970.
    package static let start = Int64(Date().timeIntervalSince1970)
    /// A time for all tests: an hour from their start, so that certificates are valid which are made on the way.
    package static let now = start + 3600
    package static let day: Int64 = 86_400

    /// A root, an intermediate, and certificates of it for `example.org`, made once for all tests that only read them.
    package static let shared: Forge = {
        do {
            let forge = try Forge()
            try forge.makeChain()
            return forge
        } catch {
            fatalError("openssl makes no certificates: \(error)")
        }
    }()

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        package init(description: String) { self.description = description }
    }

    package init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    package func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    /// What `openssl` prints, in the directory.
    @discardableResult
    package func openssl(_ arguments: String...) throws -> String { try run(arguments) }

    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = directory
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: "openssl \(arguments.joined(separator: " ")): \(text)") }
        return text
    }

    /// Makes `NAME.key`. Kinds: `P-256` and other curves, `rsa:2048`, `ed25519` and other algorithms.
    package func key(_ name: String, _ kind: String = "P-256") throws {
        let parts = kind.split(separator: ":").map(String.init)
        var arguments = ["genpkey", "-out", "\(name).key", "-algorithm"]
        switch parts[0] {
        case "rsa", "rsa-pss": arguments += [parts[0], "-pkeyopt", "rsa_keygen_bits:\(parts[1])"]
        case "ed25519", "ed448": arguments += [parts[0]]
        default: arguments += ["EC", "-pkeyopt", "ec_paramgen_curve:\(parts[0])"]
        }
        _ = try run(arguments)
        protect("\(name).key", 0o600)
    }

    /// Makes `NAME.pem` for `NAME.key`, which is made too if it is not there, signed by `ISSUER.key`, or by itself.
    package func certificate(
        _ name: String, by issuer: String? = nil, kind: String = "P-256", names: String? = nil, days: Int = 90, digest: String = "sha256", isAuthority: Bool = false,
        extensions: [String] = []
    ) throws {
        if !FileManager.default.fileExists(atPath: path("\(name).key")) { try key(name, kind) }
        var lines = ["[req]", "distinguished_name=subject", "x509_extensions=v3", "prompt=no", "[subject]", "CN=\(name)", "[v3]", "subjectKeyIdentifier=hash"]
        lines += ["basicConstraints=critical,CA:\(isAuthority ? "TRUE" : "FALSE")"]
        if issuer != nil { lines += ["authorityKeyIdentifier=keyid"] }
        if let names { lines += ["subjectAltName=\(names)"] }
        try write((lines + extensions).joined(separator: "\n") + "\n", to: "\(name).cnf")
        var arguments = ["req", "-x509", "-new", "-key", "\(name).key", "-config", "\(name).cnf", "-days", "\(days)", "-out", "\(name).pem"]
        if digest != "none" { arguments += ["-\(digest)"] }
        if let issuer { arguments += ["-CA", "\(issuer).pem", "-CAkey", "\(issuer).key"] }
        _ = try run(arguments)
    }

    private func makeChain() throws {
        try certificate("root", days: 3650, isAuthority: true)
        try certificate("middle", by: "root", days: 365, isAuthority: true)
        try certificate("leaf", by: "middle", names: "DNS:example.org,DNS:*.example.org,IP:192.0.2.1")
        try certificate("leaf-rsa", by: "middle", kind: "rsa:2048", names: "DNS:example.org")
        try join(["leaf", "middle"], as: "fullchain.pem")
        try join(["leaf-rsa", "middle"], as: "fullchain-rsa.pem")
    }

    /// Writes the certificates of several names into one file.
    package func join(_ names: [String], as file: String) throws { try write(names.map { try read("\($0).pem") }.joined(), to: file) }

    package func read(_ name: String) throws -> String { try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8) }
    package func bytes(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: directory.appendingPathComponent(name))) }
    package func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    /// A file that only its owner reads, replaced whole.
    package func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        try Data(bytes).write(to: directory.appendingPathComponent(name), options: .atomic)
        protect(name, 0o600)
    }

    /// Sets a file's permissions.
    package func protect(_ name: String, _ mode: mode_t) { precondition(unsafe chmod(path(name), mode) == 0) }

    package func copy(_ name: String, from other: Forge, as new: String) throws { try write(other.bytes(name), to: new) }
}

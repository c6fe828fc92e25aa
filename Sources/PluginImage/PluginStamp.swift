/// What a plug-in and a gateway must have in common: types have no fixed layout, so that both must come of the same sources and compiler.
/// It stands in a plug-in's file as an ELF note, where it can be read without running any of its code.
public struct PluginStamp: Sendable, Equatable {
    /// The version of Sluice.
    public var version: String
    /// A hash over the sources of FilterAPI and of the modules that come with it.
    public var interface: String
    /// The Swift compiler, as it names itself: `6.3.1 (swift-6.3.1-RELEASE)`.
    public var compiler: String
    /// `debug` or `release`.
    public var build: String

    public init(version: String, interface: String, compiler: String, build: String) {
        self.version = version
        self.interface = interface
        self.compiler = compiler
        self.build = build
    }

    /// The owner and type of the note, and the name of its section.
    public static let noteOwner = "Sluice"
    public static let noteType: UInt32 = 1
    /// Bytes that the text of a stamp may take.
    static let mostBytes = 1024

    /// As the note has it: a line for each part.
    public var text: String { "sluice \(version)\ninterface \(interface)\ncompiler \(compiler)\nbuild \(build)\n" }

    /// Nil if the bytes are not a stamp: then they are of a Sluice that has another form of them.
    public init?(text bytes: some Collection<UInt8>) {
        guard bytes.count <= Self.mostBytes, bytes.allSatisfy({ $0 == 0x0A || (0x20..<0x7F).contains($0) }) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let keys = ["sluice ", "interface ", "compiler ", "build "]
        guard lines.count == keys.count + 1, lines[keys.count].isEmpty, zip(keys, lines).allSatisfy({ $1.hasPrefix($0) }) else { return nil }
        let values = zip(keys, lines).map { String($1.dropFirst($0.utf8.count)) }
        guard !values.contains("") else { return nil }
        self.init(version: values[0], interface: values[1], compiler: values[2], build: values[3])
    }
}

extension PluginStamp: CustomStringConvertible {
    /// In words, for messages.
    public var description: String { "Sluice \(version), interface \(interface), Swift \(compiler), \(build) build" }
}

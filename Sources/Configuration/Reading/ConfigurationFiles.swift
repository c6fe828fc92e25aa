/// The files that a configuration is read from. The gateway reads the real ones; a test reads a dictionary.
public protocol ConfigurationFiles {
    /// The whole of the file at `path`, which is as the operator wrote it: absolute, or relative to the working
    /// directory.
    func read(_ path: String) throws(FileFailure) -> [UInt8]

    /// The paths of the files that match a glob pattern (`*`, `?` and `[…]`), in any order, each in the form that `read`
    /// takes. Empty if there are none.
    func match(_ glob: String) -> [String]
}

/// Why a file could not be read.
public struct FileFailure: Error, Sendable, Equatable {
    /// What went wrong, as the system says it: "No such file or directory".
    public var message: String
    /// Whether there is no such file, as against one that cannot be read.
    public var isMissing: Bool

    public init(_ message: String, isMissing: Bool = false) {
        self.message = message
        self.isMissing = isMissing
    }
}

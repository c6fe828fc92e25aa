// unsafe: starting a program
import Glibc

/// A program that commands run.
enum OtherProgram {
    /// Whether the PATH has it.
    static func exists(_ name: String) -> Bool {
        let folders = (KernelFiles.environment()["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.contains { unsafe access("\($0)/\(name)", X_OK) == 0 }
    }

    /// Runs a program of the PATH to its end. Its output goes to standard error, because it is not what the command prints.
    ///
    /// - Returns: its exit status; 128 and the signal's number if one ended it.
    static func run(_ arguments: [String]) throws(PluginFailure) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe _ = posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, 2, 1)
        var list = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let failure = unsafe posix_spawnp(&child, arguments[0], &actions, nil, &list, environ)
        guard failure == 0 else { throw PluginFailure("cannot run \(arguments[0]): \(unsafe String(cString: strerror(failure)))") }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// What a shell command prints, at most 64 KiB.
    static func output(_ command: String) -> String {
        guard let pipe = unsafe popen(command, "r") else { return "" }
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        let count = unsafe fread(&bytes, 1, bytes.count, pipe)
        unsafe pclose(pipe)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

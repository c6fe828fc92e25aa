import Glibc

/// Temporary folders, and the few things that scripts do with files.
enum Folder {
    /// A new folder, for its owner alone.
    static func made() throws -> String {
        var template = "/tmp/sluice-scenario-XXXXXX".utf8CString.map { $0 }
        guard unsafe mkdtemp(&template) != nil else { throw ScenarioFailure("mkdtemp") }
        return text(template.dropLast().map { UInt8(bitPattern: $0) })
    }

    /// Removes a folder with all that is in it.
    static func remove(_ folder: String) {
        if let listing = unsafe opendir(folder) {
            while let entry = unsafe readdir(listing) {
                let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                    unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                }
                guard name != ".", name != ".." else { continue }
                let path = "\(folder)/\(name)"
                if unsafe entry.pointee.d_type == UInt8(DT_DIR) { remove(path) } else { unsafe _ = unlink(path) }
            }
            unsafe _ = closedir(listing)
        }
        unsafe _ = rmdir(folder)
    }

    static func make(_ path: String) throws {
        guard unsafe mkdir(path, 0o700) == 0 else { throw ScenarioFailure("cannot make \(path)") }
    }

    /// The permission bits of a file; nil when it is not there.
    static func mode(_ path: String) -> Int? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? Int(status.st_mode & 0o777) : nil
    }

    static func setMode(_ path: String, _ mode: mode_t) throws {
        guard unsafe chmod(path, mode) == 0 else { throw ScenarioFailure("cannot change the mode of \(path)") }
    }

    /// Makes a symbolic link.
    static func link(_ path: String, to target: String) throws {
        guard unsafe symlink(target, path) == 0 else { throw ScenarioFailure("cannot link \(path)") }
    }

    static func makePipe(_ path: String) throws {
        guard unsafe mkfifo(path, 0o600) == 0 else { throw ScenarioFailure("cannot make \(path)") }
    }

    static func removeFile(_ path: String) throws {
        guard unsafe unlink(path) == 0 else { throw ScenarioFailure("cannot remove \(path)") }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func isProgram(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    static func move(_ path: String, to other: String) throws {
        guard unsafe rename(path, other) == 0 else { throw ScenarioFailure("cannot move \(path)") }
    }
}

import Glibc

/// The whole of a small file; nil when it cannot be read.
func contents(of path: String) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { _ = close(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while true {
        let got = unsafe block.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        if got < 0 && errno == EINTR { continue }
        guard got > 0 else { return got == 0 ? bytes : nil }
        bytes.append(contentsOf: block[..<got])
    }
}

func write(_ text: String, to path: String) throws {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw ScenarioFailure("cannot write \(path)") }
    defer { _ = close(file) }
    var left = ArraySlice(text.utf8)
    while !left.isEmpty {
        let bytes = Array(left)
        let wrote = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        guard wrote > 0 else { throw ScenarioFailure("cannot write \(path)") }
        left = left.dropFirst(wrote)
    }
}

/// What /proc tells about a process.
enum ProcFiles {
    /// `VmRSS` or `VmHWM` (the highest so far), in bytes.
    static func memory(_ pid: pid_t, _ name: String) -> Int? {
        guard let status = contents(of: "/proc/\(pid)/status") else { return nil }
        for line in text(status).split(separator: "\n") where line.hasPrefix(name + ":") {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }

    /// User and system time so far, in clock ticks (usually 10 ms each).
    static func cpuTicks(_ pid: pid_t) -> Int? {
        guard let stat = contents(of: "/proc/\(pid)/stat") else { return nil }
        let line = text(stat)
        guard let close = line.lastIndex(of: ")") else { return nil }
        let parts = line[line.index(after: close)...].split(separator: " ")
        guard parts.count > 12, let user = Int(parts[11]), let system = Int(parts[12]) else { return nil }
        return user + system
    }

    /// How many sockets a process has open.
    static func socketCount(_ pid: pid_t) -> Int? {
        guard let folder = unsafe opendir("/proc/\(pid)/fd") else { return nil }
        defer { unsafe _ = closedir(folder) }
        var count = 0
        var target = [CChar](repeating: 0, count: 64)
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            let length = unsafe readlink("/proc/\(pid)/fd/\(name)", &target, 63)
            if length > 7, target[..<7].elementsEqual("socket:".utf8.map { CChar($0) }) { count += 1 }
        }
        return count
    }

    /// Bytes that wait unread at the far end of the TCP connection `local` → `remote`, both on this machine; nil when it is gone.
    static func unread(by remote: UInt16, from local: UInt16) -> Int? {
        guard let table = contents(of: "/proc/net/tcp") else { return nil }
        func hex(_ port: UInt16) -> String {
            let digits = String(port, radix: 16, uppercase: true)
            return ":" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        // Searched as bytes: the table has thousands of lines of connections that are over.
        guard let found = position(of: "\(hex(remote)) 0100007F\(hex(local)) ".bytes, in: table) else { return nil }
        // Behind the two addresses: the state, then tx_queue:rx_queue.
        let parts = text(table[found...].prefix(80)).split(separator: " ")
        return parts.count > 3 ? parts[3].split(separator: ":").last.flatMap { Int($0, radix: 16) } : nil
    }
}

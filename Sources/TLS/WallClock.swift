import Glibc

/// The system's time, for what certificates say of theirs.
public enum WallClock {
    /// Seconds since 1970.
    public static var seconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }
}

extension DevelopmentCertificate {
    /// Where programs keep what they need again: the service's state directory, or the user's (XDG Base Directory Specification). Nil where
    /// nothing says who the user is.
    public static var defaultDirectory: String? {
        func variable(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } }
        // A service may have several, with colons between.
        if let state = variable("STATE_DIRECTORY") { return (state.split(separator: ":").first.map(String.init) ?? state) + "/tls" }
        if let state = variable("XDG_STATE_HOME") { return state + "/sluice/tls" }
        return variable("HOME").map { $0 + "/.local/state/sluice/tls" }
    }
}

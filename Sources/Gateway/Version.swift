/// Which Sluice this is.
public enum Version {
    /// `0.1.0`: the number of the last release that this code follows (semver.org).
    public static var text: String { "0.1.0" }
}

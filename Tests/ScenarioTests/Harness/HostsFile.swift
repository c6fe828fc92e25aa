import Glibc

/// A hosts file that one process finds in the place of /etc/hosts, by a mount namespace of its own: names that tests can change, with
/// the system's real look-up and without a change to the machine.
enum HostsFile {
    /// A user other than root needs a user namespace to mount anything.
    private static let flags = geteuid() == 0 ? ["-m"] : ["-r", "-m"]

    /// Whether this system lets a test mount; containers often do not.
    static let isAllowed: Bool = {
        guard let unshare = Programs.find("unshare") else { return false }
        let ending = try? Child.run([unshare] + flags + ["mount", "--bind", "/etc/hosts", "/etc/hosts"]).ending
        return ending == .exit(0)
    }()

    /// Writes `content` to `FOLDER/hosts`; returns the beginning of a command line that sees it as the hosts file, and asks no name server.
    static func place(_ content: String, in folder: String) throws -> [String] {
        try write(content, to: "\(folder)/hosts")
        try write("hosts: files\n", to: "\(folder)/nsswitch.conf")
        let mount = """
            mount --bind "$1/hosts" /etc/hosts && { [ ! -e /etc/nsswitch.conf ] || mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf; } || exit
            shift; exec "$@"
            """
        return [try Programs.require("unshare")] + flags + ["sh", "-c", mount, "sh", folder]
    }
}

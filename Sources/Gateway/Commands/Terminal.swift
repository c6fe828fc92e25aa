import Glibc

/// What is at the other end of a descriptor.
enum Terminal {
    /// Colours are for people at a terminal that shows them, unless they have said no (no-color.org).
    static func takesColor(_ descriptor: Int32) -> Bool {
        let variables = KernelFiles.environment()
        return isatty(descriptor) == 1 && (variables["NO_COLOR"] ?? "").isEmpty && variables["TERM"] != "dumb"
    }
}

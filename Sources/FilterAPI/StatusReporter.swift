/// Has something to say of how it stands: the operator reads it with the gateway's counters (SIGUSR2).
public protocol StatusReporter: Filter {
    /// One fact a line, without a line end: what it has, what it has done, what is wrong now. Asked on the first loop only, seldom, so it speaks
    /// for all loops; and it must not wait.
    var statusLines: [String] { get }
}

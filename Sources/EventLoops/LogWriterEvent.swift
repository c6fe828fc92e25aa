/// What a `LogWriter` has to tell the operator. Called on the writer's own thread.
public enum LogWriterEvent: Sendable {
    /// Lines were lost, because the queue was full or writing failed; told once writing works again, or at the end.
    case linesDropped(UInt64)
    /// Writing failed. Told once until it works again.
    case writeFailed(SystemError)
    /// The file could not be opened again; the old one is written on.
    case reopenFailed(SystemError)
}

extension LogWriterEvent: CustomStringConvertible {
    public var description: String {
        switch self {
        case .linesDropped(let count): "\(count) log lines were dropped"
        case .writeFailed(let error): "cannot write the log: \(error); lines are dropped"
        case .reopenFailed(let error): "cannot reopen the log: \(error); writing on to the old file"
        }
    }
}

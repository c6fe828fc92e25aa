/// Why a request cannot be explained.
enum ExplainFault: Error, Equatable {
    /// The command line does not name a request.
    case usage(String)
    /// The gateway could not be set up.
    case failed(String)
}

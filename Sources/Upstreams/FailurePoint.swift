/// How far an exchange with the app had come when it failed.
public enum FailurePoint: CaseIterable, Sendable {
    /// No connection was made.
    case connecting
    /// The app closed or reset the connection before one byte of its response.
    case awaitingResponse
    /// The app was silent for too long. It may still be at work.
    case responseTimedOut
    /// At least one byte of a response had come, an interim one (1xx) included.
    case responding
}

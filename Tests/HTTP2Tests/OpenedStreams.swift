import FuzzChecks
import HTTP2
import HTTP2Wire

extension RecordedStreams {
    /// A session that has the client's preface.
    static func opened(_ settings: SessionSettings = SessionSettings(), spare: SpareWindow? = nil) -> RecordedStreams {
        let session = RecordedStreams(settings, spare: spare)
        session.take(clientPreface)
        _ = session.sent()
        return session
    }

    func take(_ bytes: [UInt8], now: Int64 = 0) { receive(bytes.span, now: now) }

    func frames(now: Int64 = 0) -> [SentFrame] { SentFrame.list(sent(now: now)) }
}

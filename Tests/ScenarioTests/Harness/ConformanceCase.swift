import HTTP2Wire
import Testing

/// One demand of RFC 9113 or RFC 7541 on the gateway: what a client sends once both sides know each other's settings, and what must come of it.
/// The app behind the gateway tells what it was sent (`use = echo`).
struct ConformanceCase: Sendable, CustomTestStringConvertible {
    /// The counterpart in h2spec: suite, section and place there.
    let counterpart: String
    let rule: String
    let what: String
    let outcome: Outcome
    private let bytes: [UInt8]
    private let script: @Sendable (FrameConnection) throws -> Void

    /// What must come. In each case the gateway must serve a request after it: on this connection, or where that has ended on a new one.
    enum Outcome: Sendable, Equatable {
        /// One GOAWAY, with this code, and the end of the connection.
        case connectionError(Code)
        /// RST_STREAM on stream 1, with this code, and nothing else there. The connection goes on.
        case streamError(Code)
        /// A whole 200 on stream 1, in whose body all of these stand: what the app was sent. The connection goes on.
        case answer([String])
        /// The connection goes on.
        case nothing
        /// The connection ends, and nobody is blamed for it.
        case farewell
    }

    /// Error codes (RFC 9113 §7).
    enum Code: Int {
        case protocolError = 1, flowControlError = 3, streamClosed = 5, frameSizeError = 6, refusedStream = 7, compressionError = 9
    }

    /// - Parameter script: what the client does when it has sent the frames.
    init(
        _ counterpart: String, _ rule: String, _ what: String, _ outcome: Outcome, _ frames: [UInt8]...,
        script: @escaping @Sendable (FrameConnection) throws -> Void = { _ in }
    ) {
        self.counterpart = counterpart
        self.rule = rule
        self.what = what
        self.outcome = outcome
        bytes = Array(frames.joined())
        self.script = script
    }

    var testDescription: String { "\(what) (\(rule), \(counterpart))" }

    static let post: [(String, String)] = Wire.get.map { $0.0 == ":method" ? ($0.0, "POST") : $0 }

    /// A field that is larger than most heads.
    static let long = Wire.block([("x-long", String(repeating: "x", count: 4000))])

    private static var options: Scenario.Options {
        var options = Scenario.Options()
        options.servers = 0
        options.file = { _, _ in
            """
            [gateway]
            loops = 1
            [listener:web]
            listen = 127.0.0.1:0
            protocols = h2c
            serve = app
            [app:app]
            use = echo

            """
        }
        return options
    }

    /// Runs a script against a gateway of its own.
    static func run(_ script: (Scenario) throws -> Void) throws { try Scenario.run(options, script) }

    /// Runs the case.
    func check() throws {
        try Self.run { s in
            let client = try s.connectStreams()
            try client.shakeHands()
            try client.send(bytes)
            try script(client)
            switch outcome {
            case .connectionError(let code):
                try client.expectEnd()
                guard client.goAways.map(\.code) == [code.rawValue] else { throw ScenarioFailure("GOAWAY \(client.goAways) instead of \(code)") }
                try Self.expectService(s)
            case .farewell:
                try client.expectEnd()
                guard client.goAways.allSatisfy({ $0.code == 0 }) else { throw ScenarioFailure("GOAWAY \(client.goAways)") }
                try Self.expectService(s)
            case .streamError(let code):
                let stream = try client.outcome(of: 1)
                guard stream.resetCode == code.rawValue, stream.heads.isEmpty else { throw ScenarioFailure("\(stream) instead of \(code)") }
                try Self.expectService(on: client)
            case .answer(let parts):
                let answer = try client.answer(to: 1)
                for part in parts where !answer.bodyText.contains(part) { throw ScenarioFailure("no \(part) in \(answer.bodyText)") }
                try Self.expectService(on: client)
            case .nothing: try Self.expectService(on: client)
            }
        }
    }

    /// A new connection is served.
    static func expectService(_ s: Scenario) throws {
        let client = try s.connectStreams()
        try client.shakeHands()
        try expectService(on: client)
        client.wire.close()
    }

    /// A connection goes on: a request is answered, and a PING, and there was no word of an end.
    private static func expectService(on client: FrameConnection) throws {
        let number: UInt32 = 0x1001
        try client.send(Wire.headers(number, Wire.get.map { $0.0 == ":path" ? ($0.0, "/after") : $0 }))
        let answer = try client.answer(to: number)
        guard answer.bodyText.contains("\"target\": \"/after\"") else { throw ScenarioFailure("another answer: \(answer.bodyText)") }
        try client.ping(Array("the end.".utf8))
        guard client.goAways.isEmpty else { throw ScenarioFailure("GOAWAY \(client.goAways)") }
    }
}

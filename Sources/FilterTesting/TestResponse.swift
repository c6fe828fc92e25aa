import FilterAPI

/// A response as the client would get it.
public struct TestResponse {
    public let status: UInt16
    /// Status line and field lines, ended by LF; without the gateway's own fields and framing.
    public var head: String { String(decoding: headBytes, as: UTF8.self).replacing("\r\n", with: "\n") }
    /// The same as it would be sent, but for the empty line at its end.
    package let headBytes: [UInt8]
    /// The reason's code, for a reply.
    public let reason: String?
    /// The body between two flushes; one element without any.
    public let outputs: [[UInt8]]
    /// No transform failed.
    public let isComplete: Bool
    /// A filter changes the length of the body, so that the gateway drops Content-Length.
    public let lengthChanges: Bool
    /// The most bytes of the app's body that the gateway would let through.
    public let bodyLimit: UInt64
    private let lines: [(name: String, value: String)]

    init(_ response: borrowing Response, head: [UInt8], outputs: [[UInt8]], isComplete: Bool) {
        status = response.status
        headBytes = head
        reason = response.reason.map { "\($0)" }
        self.outputs = outputs
        self.isComplete = isComplete
        lengthChanges = response.lengthChanges
        bodyLimit = response.maxBodyBytes
        var lines: [(String, String)] = []
        response.fields.forEach { lines.append(($0, $1)) }
        self.lines = lines
    }

    /// The whole body.
    public var body: [UInt8] { outputs.flatMap(\.self) }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The values of a field's lines, joined by `, `; nil without one.
    public func field(_ name: String) -> String? {
        let values = lines.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}

/// A piece of a body.
public enum TestPiece: Sendable {
    case bytes([UInt8])
    /// The sender pauses.
    case flush

    public static func text(_ text: String) -> TestPiece { .bytes(Array(text.utf8)) }

    static func outputs(_ pieces: [TestPiece]) -> [[UInt8]] {
        var outputs: [[UInt8]] = [[]]
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): outputs[outputs.count - 1] += bytes
            case .flush: outputs.append([])
            }
        }
        return outputs
    }
}

extension [UInt8] {
    /// These bytes in pieces: every way to cut them into two, then one byte at a time. A transform must give the same for each.
    public var everyCut: [[TestPiece]] {
        var ways: [[TestPiece]] = [[.bytes(self)]]
        for cut in 1..<Swift.max(1, count) { ways.append([.bytes(Array(self[..<cut])), .bytes(Array(self[cut...]))]) }
        ways.append(map { .bytes([$0]) })
        return ways
    }
}

import HTTP2Wire
import Testing

/// Requests that are malformed (RFC 9113 §8): each resets its own stream and nothing else. The cases of h2spec's `http2/8.1` to `http2/8.2`.
@Suite struct HTTP2ConformanceMessageTests {
    static let malformed: [ConformanceCase] = [
        .init(
            "http2/8.1/1", "RFC 9113 §8.1", "a second HEADERS frame that does not end the stream", reset, openPost, Wire.data(1, "test"),
            Wire.headers(1, [("x-test", "ok")], ends: false)),
        .init("http2/8.1.2/1", "RFC 9113 §8.2.1", "a name in upper case", reset, Wire.get(1, [("X-TEST", "ok")])),

        .init("http2/8.1.2.1/1", "RFC 9113 §8.3", "an unknown pseudo-field", reset, Wire.get(1, [(":test", "ok")])),
        .init("http2/8.1.2.1/2", "RFC 9113 §8.3", "a pseudo-field of responses", reset, Wire.get(1, [(":status", "200")])),
        .init(
            "http2/8.1.2.1/3", "RFC 9113 §8.1", "a pseudo-field among trailers, which do not end the stream", reset, openPost, Wire.data(1, "test"),
            Wire.headers(1, [(":method", "POST")], ends: false)),
        .init(
            "http2/8.1.2.1/3", "RFC 9113 §8.1", "a pseudo-field among trailers, which end the stream", reset, openPost, Wire.data(1, "test"),
            Wire.headers(1, [(":method", "POST")])),
        .init("http2/8.1.2.1/4", "RFC 9113 §8.3", "a pseudo-field behind a field", reset, Wire.headers(1, [("x-test", "ok")] + Wire.get)),

        .init("http2/8.1.2.2/1", "RFC 9113 §8.2.2", "a field about a connection", reset, Wire.get(1, [("connection", "keep-alive")])),
        .init(
            "http2/8.1.2.2/2", "RFC 9113 §8.2.2", "TE with more than trailers", reset,
            Wire.get(1, [("trailers", "test"), ("te", "trailers, deflate")])),

        .init("http2/8.1.2.3/1", "RFC 9113 §8.3.1", "an empty :path", reset, Wire.headers(1, Wire.get.map { $0.0 == ":path" ? ($0.0, "") : $0 })),
        .init("http2/8.1.2.3/2", "RFC 9113 §8.3.1", "no :method", reset, without(":method")),
        .init("http2/8.1.2.3/2", "RFC 9113 §8.3.1", "neither :method nor :scheme", reset, without(":method", ":scheme")),
        .init("http2/8.1.2.3/3", "RFC 9113 §8.3.1", "no :scheme", reset, without(":scheme")),
        .init("http2/8.1.2.3/4", "RFC 9113 §8.3.1", "no :path", reset, without(":path")),
        .init("http2/8.1.2.3/5", "RFC 9113 §8.3.1", "two :method", reset, Wire.get(1, [(":method", "GET")])),
        .init("http2/8.1.2.3/6", "RFC 9113 §8.3.1", "two :scheme", reset, Wire.get(1, [(":scheme", "http")])),
        .init("http2/8.1.2.3/7", "RFC 9113 §8.3.1", "two :path", reset, Wire.get(1, [(":path", "/")])),

        .init("http2/8.1.2.6/1", "RFC 9113 §8.1.1", "a body of another length than it says", reset, postOfOneByte, Wire.data(1, "test", ends: true)),
        .init(
            "http2/8.1.2.6/2", "RFC 9113 §8.1.1", "a body in two frames of another length than it says", reset, postOfOneByte, Wire.data(1, "test"),
            Wire.data(1, "test", ends: true)),
        .init("http2/8.1.2.6/2", "RFC 9113 §8.1.1", "a body that is shorter than it says", reset, postOfOneByte, Wire.data(1, "", ends: true)),
    ]

    static let pushes: [ConformanceCase] = [
        .init("http2/8.2/1", "RFC 9113 §8.4", "PUSH_PROMISE of a client", .connectionError(.protocolError), promise),
        .init("http2/8.2/1", "RFC 9113 §8.4", "PUSH_PROMISE of a client on an open stream", .connectionError(.protocolError), openPost, promise),
    ]

    private static let reset = ConformanceCase.Outcome.streamError(.protocolError)
    private static let openPost = Wire.headers(1, ConformanceCase.post, ends: false)
    private static let postOfOneByte = Wire.headers(1, ConformanceCase.post + [("content-length", "1")], ends: false)
    private static let promise = Wire.frame(5, flags: 4, stream: 1, [0, 0, 0, 3] + Wire.block(Wire.get))

    private static func without(_ names: String...) -> [UInt8] { Wire.headers(1, Wire.get.filter { !names.contains($0.0) }) }

    @Test(arguments: malformed)
    func `a malformed request resets its stream and nothing else`(demand: ConformanceCase) throws { try demand.check() }

    @Test(arguments: pushes)
    func `a client that pushes is sent away`(demand: ConformanceCase) throws { try demand.check() }
}

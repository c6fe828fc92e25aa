import HTTP2Wire
import Testing

/// The conformance suite as a whole: it has all cases of h2spec, the tool by which servers are measured, and none of them passes by accident.
@Suite struct HTTP2ConformanceTests {
    /// h2spec's sections of tests on servers, with the number of cases in each.
    static let sections = [
        "generic/1": 1, "generic/2": 5, "generic/3.1": 3, "generic/3.2": 3, "generic/3.3": 5, "generic/3.4": 1, "generic/3.5": 1, "generic/3.7": 1,
        "generic/3.8": 1, "generic/3.9": 2, "generic/3.10": 2, "generic/4": 4, "generic/5": 15,
        "http2/3.5": 2, "http2/4.1": 3, "http2/4.2": 3, "http2/4.3": 3, "http2/5.1": 13, "http2/5.1.1": 3, "http2/5.1.2": 1, "http2/5.3.1": 2,
        "http2/5.4.1": 2, "http2/5.5": 2, "http2/6.1": 3, "http2/6.2": 4, "http2/6.3": 3, "http2/6.4": 3, "http2/6.5": 3, "http2/6.5.2": 5,
        "http2/6.5.3": 2, "http2/6.7": 4, "http2/6.8": 1, "http2/6.9": 3, "http2/6.9.1": 3, "http2/6.9.2": 3, "http2/6.10": 6, "http2/7": 2,
        "http2/8.1": 1, "http2/8.1.2": 1, "http2/8.1.2.1": 4, "http2/8.1.2.2": 2, "http2/8.1.2.3": 7, "http2/8.1.2.6": 2, "http2/8.2": 1,
        "hpack/2.3.3": 2, "hpack/4.2": 1, "hpack/5.2": 3, "hpack/6.1": 1, "hpack/6.3": 1,
    ]

    static let cases =
        HTTP2ConformanceAcceptanceTests.cases + HTTP2ConformanceFieldBlockTests.readable + HTTP2ConformanceFieldBlockTests.broken
        + HTTP2ConformanceStreamTests.format + HTTP2ConformanceStreamTests.states + HTTP2ConformanceFrameTests.frames
        + HTTP2ConformanceWindowTests.windows + HTTP2ConformanceMessageTests.malformed + HTTP2ConformanceMessageTests.pushes

    @Test func `every case of h2spec has its counterpart`() {
        let wanted = Self.sections.flatMap { section, count in (1...count).map { "\(section)/\($0)" } }
        // One is written out: it knows no frames.
        #expect(Set(Self.cases.map(\.counterpart) + ["http2/3.5/2"]) == Set(wanted))
    }

    /// Each ends otherwise than it says.
    static let wrong: [ConformanceCase] = [
        .init("", "", "another code of a connection error", .connectionError(.frameSizeError), Wire.data(0, "x")),
        .init("", "", "a connection error instead of an end in peace", .farewell, Wire.data(0, "x")),
        .init("", "", "a connection error instead of an answer", .answer([]), Wire.get(1), Wire.data(0, "x")),
        .init("", "", "a connection error instead of nothing", .nothing, Wire.data(0, "x")),
        .init("", "", "an end in peace instead of a connection error", .connectionError(.protocolError), Wire.goAway(0)),
        .init("", "", "an end in peace instead of nothing", .nothing, Wire.goAway(0)),
        .init("", "", "another code of a stream error", .streamError(.streamClosed), Wire.get(1, [("X", "y")])),
        .init("", "", "an answer instead of a stream error", .streamError(.protocolError), Wire.get(1)),
        .init("", "", "a stream error instead of an answer", .answer([]), Wire.get(1, [("X", "y")])),
        .init("", "", "an answer to another request", .answer([#""method": "POST""#]), Wire.get(1)),
    ]

    @Test(arguments: wrong)
    func `a case that ends otherwise fails`(demand: ConformanceCase) {
        #expect(throws: ScenarioFailure.self) { try demand.check() }
    }
}

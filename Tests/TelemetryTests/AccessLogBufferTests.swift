import Buffers
import Testing

@testable import Telemetry

@Suite struct AccessLogBufferTests {
    private static func append(_ sample: ExchangeSample, to buffer: inout AccessLogBuffer) -> Bool {
        let texts = ExchangeTexts(
            client: sample.client.span, method: sample.method.span, target: sample.target.span, host: sample.host.span,
            referer: sample.referer.span, userAgent: sample.userAgent.span, upstream: sample.upstream.span,
            server: sample.server.span, id: sample.id.span)
        return buffer.append(sample.record, texts, now: sample.now)
    }

    @Test func fillsRefusesAndStartsOver() {
        let pool = SlabPool(slabSize: 16 * 1024)
        defer { withExtendedLifetime(pool) {} }
        var buffer = AccessLogBuffer(.combined, slab: pool.take())
        #expect(buffer.count == 0)
        let sample = ExchangeSample()
        let length = (sample.line(.combined)?.count ?? 0) + 1
        var written = 0
        while Self.append(sample, to: &buffer) { written += 1 }
        #expect(written > 30)
        #expect(buffer.count == written)
        #expect(buffer.lines.count == written * length)
        // Refusing leaves what is there: whole lines only.
        #expect(buffer.lines[buffer.lines.count - 1] == 0x0A)
        buffer.removeAll()
        #expect(buffer.count == 0)
        #expect(buffer.lines.count == 0)
        #expect(Self.append(sample, to: &buffer))
        #expect(buffer.count == 1 && buffer.lines.count == length)
    }

    @Test func theLongestLineFitsIntoAnEmptyBuffer() {
        let pool = SlabPool(slabSize: AccessLogEncoder.maximumLineBytes)
        defer { withExtendedLifetime(pool) {} }
        var buffer = AccessLogBuffer(.json, slab: pool.take())
        var sample = ExchangeSample()
        let long = [UInt8](repeating: 0xFF, count: 20_000)
        for place in [\ExchangeSample.target, \.host, \.referer, \.userAgent, \.method] { sample[keyPath: place] = long }
        #expect(Self.append(sample, to: &buffer))
        #expect(!Self.append(sample, to: &buffer))
    }
}

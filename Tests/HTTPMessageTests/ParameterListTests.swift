import Buffers
import HTTPMessage
import Testing

@Suite struct ParameterListTests {
    private func parameters(_ element: String) -> [String] {
        let bytes = Array(element.utf8)
        func text(_ range: ByteRange) -> String { String(decoding: bytes[range.range], as: UTF8.self) }
        var list = ParameterList(ByteRange(start: 0, count: bytes.count), in: bytes.span)
        var found: [String] = []
        while let parameter = list.next(in: bytes.span) { found.append("\(text(parameter.name))|\(text(parameter.value))") }
        return found
    }

    @Test func namesAndValuesAreFound() {
        #expect(parameters("a/b") == [])
        #expect(parameters("a/b;q=0.5") == ["q|0.5"])
        #expect(parameters("a/b ; Q = 1 ;x=y;z") == ["Q|1", "x|y", "z|"])
        #expect(parameters("a/b;;;c=d;") == ["c|d"])
        #expect(parameters("a/b;v=\"1;2\";w=\"\\\";\";x=3") == ["v|1;2", "w|\\\";", "x|3"])
        #expect(parameters("a/b;v=\"open;w=1") == ["v|\"open;w=1"])
        #expect(parameters("a/b;v=\"") == ["v|\""])
        #expect(parameters("a/b;=1") == ["|1"])
        #expect(parameters(";a=1") == ["a|1"])
    }

    private func weight(_ element: String) -> Int? {
        let bytes = Array(element.utf8)
        return ParameterList.weight(of: ByteRange(start: 0, count: bytes.count), in: bytes.span)
    }

    @Test func weightsAreThousandths() {
        #expect(weight("gzip") == 1000)
        #expect(weight("gzip;q=1") == 1000)
        #expect(weight("gzip; Q=0.5") == 500)
        #expect(weight("gzip;q=0.125;a=b") == 125)
        #expect(weight("gzip;q=0") == 0)
        #expect(weight("gzip;q=0.") == 0)
        #expect(weight("gzip;q=1.000") == 1000)
        for wrong in ["q=", "q", "q=2", "q=1.001", "q=.5", "q=0.1234", "q=-1", "q=0,5", "q=1;q=1", "q=01", "q=0x1"] {
            #expect(weight("gzip;\(wrong)") == nil, "\(wrong)")
        }
    }

    @Test func datesAreWritten() {
        #expect(HTTPDate.text(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(HTTPDate.text(4_107_542_399) == "Sun, 28 Feb 2100 23:59:59 GMT")
        #expect(HTTPDate.text(4_107_542_400) == "Mon, 01 Mar 2100 00:00:00 GMT")
        #expect(HTTPDate.timestamp(1_798_761_599) == "2026-12-31T23:59:59Z")
    }
}

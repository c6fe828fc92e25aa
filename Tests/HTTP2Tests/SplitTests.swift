import FuzzChecks
import HTTP2
import HTTP2Wire
import Testing

/// Any cut of a client's bytes gives the same events and the same answer. A check that fails ends the program and says why.
@Suite struct SplitTests {
    @Test func requests() {
        checkStreams(Wire.get(1) + Wire.get(3, [("cookie", "a"), ("cookie", "b")]))
        checkStreams(
            Wire.headers(1, Wire.post + [("content-length", "6")], ends: false) + Wire.data(1, "abc") + Wire.data(1, "def")
                + Wire.headers(1, [("x", "y")]))
        checkStreams(Wire.frame(1, flags: 1 | 8 | 32, stream: 1, [2, 0, 0, 0, 0, 1] + Wire.block(Wire.get) + [0, 0]) + Wire.frame(9, flags: 4, stream: 1))
        checkStreams(Wire.headers(1, Wire.post, ends: false) + Wire.frame(0, flags: 9, stream: 1, [3] + "abc".utf8 + [0, 0, 0]))
        checkStreams(Wire.settings([(4, 3)]) + Wire.get(3) + Wire.windowUpdate(3, 1) + Wire.frame(2, stream: 5, [0, 0, 0, 1, 1]) + Wire.reset(3))
    }

    @Test func refusals() {
        for refused in RefusalTests.malformed + RefusalTests.answered {
            checkStreams(Wire.headers(1, refused.fields, ends: refused.ends) + Wire.data(1, "a", ends: true) + Wire.get(3))
        }
    }

    @Test func floods() {
        // The short ones: checkStreams goes through them byte by byte.
        for flood in FloodTests.floods where flood.letThrough <= 210 && flood.name != "large CONTINUATION" {
            checkStreams((0...flood.letThrough).flatMap { flood.piece($0) })
        }
    }
}

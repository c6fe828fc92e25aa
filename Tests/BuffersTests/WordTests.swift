import Buffers
import Testing

/// The eight-at-a-time tests against their definition, byte by byte, for every byte in every place.
@Suite struct WordTests {
    private func word(_ bytes: [UInt8]) -> UInt64 { bytes.span.word(at: 0) }

    private func paddedWord(_ bytes: ArraySlice<UInt8>, _ offset: Int) -> UInt64 { bytes.span.paddedWord(at: offset) }
    private func endOfTargetRun(_ bytes: [UInt8], _ start: Int, _ stop: UInt8) -> Int {
        bytes.span.endOfTargetRun(from: start, stop: stop)
    }
    private func hostRun(_ bytes: [UInt8], _ start: Int) -> (length: Int, dots: UInt32) { bytes.span.hostRun(at: start) }
    private func nameLength(_ bytes: [UInt8], _ start: Int) -> Int { bytes.span.nameLength(at: start) }
    private func firstControl(_ bytes: [UInt8], _ start: Int) -> Int { bytes.span.firstControl(from: start) }
    private func firstLineFeed(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? { bytes.span.firstLineFeed(from: start, to: end) }

    @Test func aWordIsStoredAsItIsRead() {
        var bytes = [UInt8](repeating: 0xFF, count: 10)
        var span = bytes.mutableSpan
        span.store(0x0706_0504_0302_0100, at: 1)
        #expect(bytes == [0xFF, 0, 1, 2, 3, 4, 5, 6, 7, 0xFF])
        #expect(bytes.span.word(at: 1) == 0x0706_0504_0302_0100)
    }

    /// Checks that `marks` finds `isMarked` bytes: every byte value at every place, between bytes that must not be marked.
    private func checkLowest(_ marks: (UInt64) -> UInt64, filler: [UInt8], _ isMarked: (UInt8) -> Bool) {
        for fill in filler {
            for place in 0..<8 {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: fill, count: 8)
                    bytes[place] = byte
                    let expected = isMarked(byte) ? place : 8
                    #expect(marks(word(bytes)).lowestMarkedByte == expected, "\(byte) at \(place)")
                    // What lies behind the lowest marked byte changes nothing.
                    if isMarked(byte) {
                        for index in place..<8 where index > place { bytes[index] = byte ^ 0xFF }
                        #expect(marks(word(bytes)).lowestMarkedByte == place)
                    }
                }
            }
        }
    }

    @Test func findsTheEndOfHosts() {
        var random: UInt64 = 1
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((random >> 33) % UInt64(bound))
        }
        let plain = Array("aZ09-..".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<1 + next(40)).map { _ in next(12) == 0 ? UInt8(next(256)) : plain[next(plain.count)] }
            let start = next(bytes.count)
            let run = bytes[start...].prefix(16).prefix { $0.isAlphanumeric || $0 == 0x2D || $0 == 0x2E }
            let (length, dots) = hostRun(bytes, start)
            let marked = run.enumerated().reduce(UInt32(0)) { $1.element == 0x2E ? $0 | 1 << UInt32($1.offset) : $0 }
            let mask: UInt32 = (1 << UInt32(run.count)) - 1
            if length != run.count || dots & mask != marked { Issue.record("\(bytes) from \(start)") }
        }
    }

    @Test func measuresNames() {
        for length in 0...40 {
            for stop in [UInt8(0), 0x20, 0x2C, 0x2E, 0x2F, 0x3A, 0x40, 0x5B, 0x5F, 0x60, 0x7B, 0x80, 0xC1, 0xFF] {
                for place in 0...length {
                    var bytes = (0..<length).map { Array("aZ-09z".utf8)[$0 % 6] }
                    if place < length { bytes[place] = stop }
                    for start in 0...length {
                        let expected = min(16, (start <= place ? place : length) - start)
                        #expect(nameLength(bytes, start) == expected, "\(length) \(stop) \(place) \(start)")
                    }
                }
            }
        }
        for byte in UInt8.min...UInt8.max {
            let isName = byte.isAlphanumeric || byte == 0x2D
            for count in [1, 20] { #expect(nameLength([UInt8](repeating: byte, count: count), 0) == (isName ? min(count, 16) : 0)) }
        }
    }

    @Test func findsTheEndOfPathsAndQueries() {
        for length in [1, 15, 16, 17, 40] {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: 0x61, count: length)
                    bytes[place] = byte
                    for stop in [UInt8(0x3F), 0] {
                        let ends = byte < 0x26 || byte >= 0x7F || byte == stop
                        if endOfTargetRun(bytes, 0, stop) != (ends ? place : length) { Issue.record("\(byte) at \(place) of \(length)") }
                        if endOfTargetRun(bytes, place + 1, stop) != length { Issue.record("behind \(place) of \(length)") }
                    }
                }
            }
        }
    }

    @Test func findsEqualAndLowerBytes() {
        checkLowest({ $0.bytes(equalTo: 0x0A) }, filler: [0x00, 0x0B, 0x8A]) { $0 == 0x0A }
        checkLowest({ $0.bytes(below: 0x80) }, filler: [0x80, 0xFF]) { $0 < 0x80 }
    }

    @Test func cutsWords() {
        let whole = word([1, 2, 3, 4, 5, 6, 7, 8])
        for count in 0...8 {
            let expected = (0..<8).map { UInt8($0 < count ? $0 + 1 : 0) }
            #expect(whole.first(count) == word(expected))
        }
    }

    @Test func padsWordsBehindTheEnd() {
        let bytes = [UInt8](1...20)
        for count in 0...20 {
            for offset in 0...30 {
                let expected = (0..<8).map { index in offset + index < count ? bytes[offset + index] : 0 }
                #expect(paddedWord(bytes[..<count], offset) == word(expected))
            }
        }
    }

    @Test func findsControlBytesInRuns() {
        for length in 0...40 {
            let plain = [UInt8](repeating: 0x41, count: length)
            for start in 0...length { #expect(firstControl(plain, start) == length) }
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max where (byte < 0x20 && byte != 0x09) || byte == 0x7F {
                    var bytes = plain
                    bytes[place] = byte
                    for start in 0...place { #expect(firstControl(bytes, start) == place) }
                }
                var tabbed = plain
                tabbed[place] = 0x09
                #expect(firstControl(tabbed, 0) == length)
                for byte in [UInt8(0x20), 0x7E, 0x80, 0x9F, 0xFF] {
                    var other = plain
                    other[place] = byte
                    #expect(firstControl(other, 0) == length)
                }
            }
        }
    }

    @Test func findsLineFeedsBelowTheEnd() {
        for length in 1...30 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x41, count: length)
                bytes[place] = 0x0A
                for end in 0...length {
                    #expect(firstLineFeed(bytes, 0, end) == (place < end ? place : nil))
                    #expect(firstLineFeed(bytes, place + 1, end) == nil)
                }
            }
        }
    }
}

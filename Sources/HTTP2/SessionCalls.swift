import Buffers
import CNghttp2

// From C to the session. The session lends itself: it lives for as long as nghttp2's does, and its streams for as long as it does.

extension Session {
    static var calls: sluice_h2_calls {
        unsafe sluice_h2_calls(
            block_began: { owner, number, kind, data in
                unsafe lend(owner) {
                    let begun = unsafe $0.blockBegan(number, isRequest: kind == 0, isResponse: kind == 1, data.map { unsafe stream($0) })
                    return unsafe begun.map { unsafe Unmanaged.passUnretained($0).toOpaque() }
                }
            },
            field: { owner, data, name, nameCount, value, valueCount in
                unsafe lend(owner) {
                    unsafe $0.field(stream(data), Span(_unsafeStart: name, count: nameCount), Span(_unsafeStart: value, count: valueCount))
                }
                return 0
            },
            block_ended: { owner, data, endsStream in
                unsafe lend(owner) { unsafe $0.blockEnded(stream(data), endsStream: endsStream != 0) }
                return 0
            },
            body: { owner, _, data, bytes, count in
                unsafe lend(owner) { unsafe $0.bodyCame(data.map { unsafe stream($0) }, Span(_unsafeStart: bytes, count: count)) }
            },
            body_frame: { owner, data, count, length, endsStream in
                unsafe lend(owner) { unsafe $0.bodyFrameEnded(stream(data), count: count, length: length, endsStream: endsStream != 0) }
            },
            stream_closed: { owner, data, code in
                unsafe lend(owner) { unsafe $0.streamEnded(stream(data), ErrorCode(rawValue: code)) }
            },
            stream_reset: { owner, data, code in
                unsafe lend(owner) { unsafe $0.peerReset(stream(data), ErrorCode(rawValue: code)) }
            },
            settings: { owner in unsafe lend(owner) { $0.settingsCame() } },
            pong: { owner in unsafe lend(owner) { $0.pongCame() } },
            goaway: { owner, _, code in unsafe lend(owner) { $0.goawayCame(ErrorCode(rawValue: code)) } },
            sent: { owner, data, type, endsStream, code in
                unsafe lend(owner) {
                    unsafe $0.frameSent(
                        data.map { unsafe stream($0) }, type: type, endsStream: endsStream != 0, ErrorCode(rawValue: code))
                }
            },
            outgoing: { owner, data, most in
                unsafe lend(owner) { unsafe $0.bodyAsked(stream(data), atMost: most) }
            },
            write_data: { owner, data, header, count in
                unsafe lend(owner) { unsafe $0.dataDue(stream(data), header: Span(_unsafeStart: header, count: 9), count: count) }
            })
    }
}

@unsafe @inline(__always)
private func lend<Result>(_ owner: UnsafeMutableRawPointer, _ body: (Session) -> Result) -> Result {
    unsafe Unmanaged<Session>.fromOpaque(owner)._withUnsafeGuaranteedRef { body($0) }
}

@unsafe @inline(__always)
private func stream(_ data: UnsafeMutableRawPointer) -> HTTP2Stream {
    unsafe Unmanaged<HTTP2Stream>.fromOpaque(data).takeUnretainedValue()
}

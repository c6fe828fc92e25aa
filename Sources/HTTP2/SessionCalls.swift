import Buffers
import CNghttp2

// From C to the session. The session lends itself: it lives for as long as nghttp2's does, and its streams for as long as it does.

extension Session {
    static var calls: sluice_h2_calls {
        unsafe sluice_h2_calls(
            block_began: { owner, number, kind, data in
                unsafe lend(owner) {
                    let stream = unsafe data.map { unsafe Unmanaged<HTTP2Stream>.fromOpaque($0).takeUnretainedValue() }
                    let begun = $0.blockBegan(number, isRequest: kind == 0, isResponse: kind == 1, stream)
                    return unsafe begun.map { unsafe Unmanaged.passUnretained($0).toOpaque() }
                }
            },
            field: { owner, data, name, nameCount, value, valueCount in
                unsafe lend(owner, data) {
                    unsafe $0.field($1, Span(_unsafeStart: name, count: nameCount), Span(_unsafeStart: value, count: valueCount))
                }
                return 0
            },
            block_ended: { owner, data, endsStream in
                unsafe lend(owner, data) { $0.blockEnded($1, endsStream: endsStream != 0) }
                return 0
            },
            body: { owner, _, data, bytes, count in
                guard let data = unsafe data else { return unsafe lend(owner) { $0.bodyCame(forNoStream: count) } }
                unsafe lend(owner, data) { unsafe $0.bodyCame($1, Span(_unsafeStart: bytes, count: count)) }
            },
            body_frame: { owner, data, count, length, endsStream in
                unsafe lend(owner, data) { $0.bodyFrameEnded($1, count: count, length: length, endsStream: endsStream != 0) }
            },
            stream_closed: { owner, data, code in unsafe lend(owner, data) { $0.streamEnded($1, ErrorCode(rawValue: code)) } },
            stream_reset: { owner, data, code in unsafe lend(owner, data) { $0.peerReset($1, ErrorCode(rawValue: code)) } },
            settings: { owner in unsafe lend(owner) { $0.settingsCame() } },
            pong: { owner in unsafe lend(owner) { $0.pongCame() } },
            goaway: { owner, _, code in unsafe lend(owner) { $0.goawayCame(ErrorCode(rawValue: code)) } },
            sent: { owner, data, type, endsStream, code in
                guard let data = unsafe data else {
                    return unsafe lend(owner) { $0.frameSent(nil, type: type, endsStream: endsStream != 0, ErrorCode(rawValue: code)) }
                }
                unsafe lend(owner, data) { $0.frameSent($1, type: type, endsStream: endsStream != 0, ErrorCode(rawValue: code)) }
            },
            outgoing: { owner, data, most in unsafe lend(owner, data) { $0.bodyAsked($1, atMost: most) } },
            write_data: { owner, data, header, count in
                unsafe lend(owner, data) { unsafe $0.dataDue($1, header: Span(_unsafeStart: header, count: 9), count: count) }
            })
    }
}

@unsafe @inline(__always)
private func lend<Result>(_ owner: UnsafeMutableRawPointer, _ body: (Session) -> Result) -> Result {
    unsafe Unmanaged<Session>.fromOpaque(owner)._withUnsafeGuaranteedRef { body($0) }
}

/// Also lends the stream: nothing is counted, and a request has a dozen such calls.
@unsafe @inline(__always)
private func lend<Result>(_ owner: UnsafeMutableRawPointer, _ data: UnsafeMutableRawPointer, _ body: (Session, HTTP2Stream) -> Result) -> Result {
    unsafe Unmanaged<Session>.fromOpaque(owner)._withUnsafeGuaranteedRef { session in
        unsafe Unmanaged<HTTP2Stream>.fromOpaque(data)._withUnsafeGuaranteedRef { body(session, $0) }
    }
}

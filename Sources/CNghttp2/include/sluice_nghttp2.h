// nghttp2 behind a surface that Swift can import: sessions that only code frames, and calls that carry plain numbers and bytes
// instead of unions of frames.
#ifndef SLUICE_NGHTTP2_H
#define SLUICE_NGHTTP2_H

#include <stddef.h>
#include <stdint.h>

/// One end of an HTTP/2 connection. nghttp2 does the framing, HPACK, the states of streams and the windows; whether a head is a good
/// one is left to the caller, as is the time, and every limit that nghttp2 measures with a clock or by calls.
struct sluice_h2;

/// A name and a value: ranges of the text of a head. The name is lower-cased on its way out.
struct sluice_h2_field {
    uint32_t name_start, value_start, value_count;
    uint16_t name_count;
    /// Not to be put into an HPACK table by anybody (RFC 7541 §7.1.3).
    uint8_t never_indexed;
};

/// A head to send; its text is copied.
struct sluice_h2_head {
    const uint8_t *_Nonnull text;
    const struct sluice_h2_field *_Nonnull fields;
    size_t count;
};

/// What `sluice_h2_body.state` says of the body of a stream.
enum {
    /// Nothing now: the stream is left out until `sluice_h2_resume`.
    SLUICE_H2_PAUSED,
    /// Bytes, and more will come.
    SLUICE_H2_MORE,
    /// Bytes, and then the end of the stream.
    SLUICE_H2_END,
    /// Bytes, and then trailers, which the callee has submitted.
    SLUICE_H2_TRAILERS,
};

struct sluice_h2_body {
    size_t count;
    int state;
};

/// What a session calls. All get `owner`, and the user data of the stream where there is one. A function that returns an int may return
/// -1, which ends the session.
struct sluice_h2_calls {
    /// A header block begins: 0 request, 1 response, 2 another block of an open stream. The result is the user data of the stream from
    /// here on, or NULL, and then the session ends.
    void *_Nullable (*_Nonnull block_began)(void *_Nonnull owner, int32_t stream, int kind, void *_Nullable data);
    int (*_Nonnull field)(void *_Nonnull owner, void *_Nonnull data, const uint8_t *_Nonnull name, size_t name_count,
        const uint8_t *_Nonnull value, size_t value_count);
    /// A header block is complete.
    int (*_Nonnull block_ended)(void *_Nonnull owner, void *_Nonnull data, int ends_stream);
    /// Bytes of a body.
    void (*_Nonnull body)(void *_Nonnull owner, int32_t stream, void *_Nullable data, const uint8_t *_Nonnull bytes, size_t count);
    /// A DATA frame is complete, with so many bytes of a body; `length` are its bytes with padding.
    void (*_Nonnull body_frame)(void *_Nonnull owner, void *_Nonnull data, size_t count, size_t length, int ends_stream);
    /// A stream is over: its user data is not used any more.
    void (*_Nonnull stream_closed)(void *_Nonnull owner, void *_Nonnull data, uint32_t code);
    void (*_Nonnull stream_reset)(void *_Nonnull owner, void *_Nonnull data, uint32_t code);
    void (*_Nonnull settings)(void *_Nonnull owner);
    void (*_Nonnull pong)(void *_Nonnull owner);
    void (*_Nonnull goaway)(void *_Nonnull owner, int32_t last_stream, uint32_t code);
    /// A frame was written: HEADERS, RST_STREAM, GOAWAY or DATA. `code` is that of the last but one and the last.
    void (*_Nonnull sent)(void *_Nonnull owner, void *_Nullable data, uint8_t type, int ends_stream, uint32_t code);
    /// Asks what there is of a body: at most `most` bytes.
    struct sluice_h2_body (*_Nonnull outgoing)(void *_Nonnull owner, void *_Nonnull data, size_t most);
    /// Has `header` (9 bytes) and then `count` bytes of the body written.
    void (*_Nonnull write_data)(void *_Nonnull owner, void *_Nonnull data, const uint8_t *_Nonnull header, size_t count);
};

struct sluice_h2_options {
    int is_server;
    /// Streams that the peer may have open; for a server.
    uint32_t streams;
    /// Bytes that the peer may send on a stream, and on the connection, before they are consumed.
    uint32_t stream_window, connection_window;
    uint32_t header_list_bytes;
    uint32_t header_table_bytes;
    /// Bytes of HPACK table used for what is sent.
    uint32_t deflate_table_bytes;
    /// RFC 8441.
    int extended_connect;
};

/// NULL without memory. The calls are copied.
struct sluice_h2 *_Nullable sluice_h2_make(
    struct sluice_h2_options options, const struct sluice_h2_calls *_Nonnull calls, void *_Nonnull owner);
void sluice_h2_free(struct sluice_h2 *_Nonnull session);

/// Takes bytes of the peer. 0, or -1 if the session cannot go on. Not from within a call.
int sluice_h2_receive(struct sluice_h2 *_Nonnull session, const uint8_t *_Nullable bytes, size_t count);
/// The next bytes to send, valid until the next call of this function; DATA frames go out through `write_data`. 0 if there are none,
/// -1 if the session cannot go on. Not from within a call.
ptrdiff_t sluice_h2_next(struct sluice_h2 *_Nonnull session, const uint8_t *_Nullable *_Nonnull bytes);

/// All of these: 0, or -1 if the session cannot go on or the stream is gone.

/// Submits a request; the number of its stream.
int32_t sluice_h2_request(struct sluice_h2 *_Nonnull session, struct sluice_h2_head head, int has_body, void *_Nonnull data);
int sluice_h2_respond(struct sluice_h2 *_Nonnull session, int32_t stream, struct sluice_h2_head head, int has_body);
/// A 1xx.
int sluice_h2_inform(struct sluice_h2 *_Nonnull session, int32_t stream, struct sluice_h2_head head);
int sluice_h2_trailers(struct sluice_h2 *_Nonnull session, int32_t stream, struct sluice_h2_head head);
/// There is more of a body that was paused.
int sluice_h2_resume(struct sluice_h2 *_Nonnull session, int32_t stream);
int sluice_h2_reset(struct sluice_h2 *_Nonnull session, int32_t stream, uint32_t code);
/// Bytes of a body were used up: what the peer may send on a stream, and on the connection.
int sluice_h2_consume_stream(struct sluice_h2 *_Nonnull session, int32_t stream, size_t count);
int sluice_h2_consume_connection(struct sluice_h2 *_Nonnull session, size_t count);
int sluice_h2_ping(struct sluice_h2 *_Nonnull session);
/// GOAWAY with the highest stream number: no stream is refused yet.
int sluice_h2_announce_end(struct sluice_h2 *_Nonnull session);
/// GOAWAY with the last stream that was processed; streams above are not.
int sluice_h2_end(struct sluice_h2 *_Nonnull session);
/// GOAWAY with an error; whatever the peer still sends is ignored.
int sluice_h2_terminate(struct sluice_h2 *_Nonnull session, uint32_t code);

/// All that is to be read and written was.
int sluice_h2_is_over(struct sluice_h2 *_Nonnull session);
int sluice_h2_wants_write(struct sluice_h2 *_Nonnull session);
/// Bytes that the peer's windows let through: that of a stream, or for 0 the connection's.
int32_t sluice_h2_window(struct sluice_h2 *_Nonnull session, int32_t stream);
/// Frames that wait to be sent, but for DATA.
size_t sluice_h2_queued(struct sluice_h2 *_Nonnull session);
/// A new request may be sent.
int sluice_h2_takes_requests(struct sluice_h2 *_Nonnull session);
/// The head of a request was sent, or is on its way.
int sluice_h2_is_begun(struct sluice_h2 *_Nonnull session, int32_t stream);
/// Settings of the peer.
uint32_t sluice_h2_peer_streams(struct sluice_h2 *_Nonnull session);
int sluice_h2_peer_takes_connect(struct sluice_h2 *_Nonnull session);

#endif

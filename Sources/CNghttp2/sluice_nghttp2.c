#include "sluice_nghttp2.h"

#include "session_memory.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

struct sluice_h2 {
    nghttp2_session *session;
    struct sluice_h2_calls calls;
    void *owner;
    int is_server;
    // Whose header block is under way, or was last: a look-up for each field would be as many look-ups.
    int32_t block_stream;
    void *block_data;
    /// What is advertised as SETTINGS_MAX_CONCURRENT_STREAMS.
    uint32_t streams;
    /// A server's first frame, its SETTINGS, as it is sent.
    uint8_t settings[64];
    int has_sent_settings;
};

/* Where a frame's type stands, and the value of the first entry of SETTINGS, which is the limit of streams. */
enum { FRAME_TYPE = 3, STREAMS_VALUE = 9 + 2 };

static void *stream_data(struct sluice_h2 *h2, int32_t stream) {
    return stream == 0 ? NULL : nghttp2_session_get_stream_user_data(h2->session, stream);
}

static void *block_data(struct sluice_h2 *h2, int32_t stream) { return stream == h2->block_stream ? h2->block_data : stream_data(h2, stream); }

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    struct sluice_h2 *h2 = user;
    // Pushes are refused by setting.
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    int kind = frame->headers.cat == NGHTTP2_HCAT_REQUEST ? 0 : frame->headers.cat == NGHTTP2_HCAT_RESPONSE ? 1 : 2;
    void *data = h2->calls.block_began(h2->owner, frame->hd.stream_id, kind, stream_data(h2, frame->hd.stream_id));
    h2->block_stream = frame->hd.stream_id;
    h2->block_data = data;
    if (!data) return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (kind == 0) {
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, data);
        // The same urgency for all and bytes in turn, whatever the client's priority signals say (RFC 9218 §10).
        nghttp2_extpri fair = {.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1};
        nghttp2_session_change_extpri_stream_priority(session, frame->hd.stream_id, &fair, 1);
    }
    return 0;
}

static int on_header(
    nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_count, const uint8_t *value, size_t value_count,
    uint8_t flags, void *user) {
    (void)session;
    (void)flags;
    struct sluice_h2 *h2 = user;
    void *data = block_data(h2, frame->hd.stream_id);
    if (frame->hd.type != NGHTTP2_HEADERS || !data) return 0;
    return h2->calls.field(h2->owner, data, name, name_count, value, value_count) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)session;
    struct sluice_h2 *h2 = user;
    void *data;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        data = block_data(h2, frame->hd.stream_id);
        if (data && h2->calls.block_ended(h2->owner, data, frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
        break;
    case NGHTTP2_DATA:
        data = stream_data(h2, frame->hd.stream_id);
        // padlen counts the byte that says it.
        if (data)
            h2->calls.body_frame(
                h2->owner, data, frame->hd.length - frame->data.padlen, frame->hd.length, frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
        break;
    case NGHTTP2_RST_STREAM:
        data = stream_data(h2, frame->hd.stream_id);
        if (data) h2->calls.stream_reset(h2->owner, data, frame->rst_stream.error_code);
        break;
    case NGHTTP2_SETTINGS:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) h2->calls.settings(h2->owner);
        break;
    case NGHTTP2_PING:
        if (frame->hd.flags & NGHTTP2_FLAG_ACK) h2->calls.pong(h2->owner);
        break;
    case NGHTTP2_GOAWAY: h2->calls.goaway(h2->owner, frame->goaway.last_stream_id, frame->goaway.error_code); break;
    default: break;
    }
    return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes, size_t count, void *user) {
    (void)session;
    (void)flags;
    struct sluice_h2 *h2 = user;
    h2->calls.body(h2->owner, stream, stream_data(h2, stream), bytes, count);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *user) {
    (void)session;
    struct sluice_h2 *h2 = user;
    void *data = stream_data(h2, stream);
    // It may be closed amid its block, by an own reset that was sent.
    if (stream == h2->block_stream) h2->block_data = NULL;
    if (data) h2->calls.stream_closed(h2->owner, data, code);
    return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)session;
    struct sluice_h2 *h2 = user;
    uint32_t code = 0;
    switch (frame->hd.type) {
    case NGHTTP2_RST_STREAM: code = frame->rst_stream.error_code; break;
    case NGHTTP2_GOAWAY: code = frame->goaway.error_code; break;
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: break;
    default: return 0;
    }
    h2->calls.sent(
        h2->owner, stream_data(h2, frame->hd.stream_id), frame->hd.type,
        frame->hd.type <= NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM), code);
    return 0;
}

static ssize_t read_body(
    nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t most, uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)session;
    (void)buffer;
    (void)source;
    struct sluice_h2 *h2 = user;
    void *data = stream_data(h2, stream);
    if (!data) return NGHTTP2_ERR_DEFERRED;
    struct sluice_h2_body body = h2->calls.outgoing(h2->owner, data, most);
    if (body.state == SLUICE_H2_PAUSED || body.count > most) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (body.state != SLUICE_H2_MORE) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (body.state == SLUICE_H2_TRAILERS) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return (ssize_t)body.count;
}

static int send_data(
    nghttp2_session *session, nghttp2_frame *frame, const uint8_t *header, size_t count, nghttp2_data_source *source, void *user) {
    (void)session;
    (void)source;
    struct sluice_h2 *h2 = user;
    void *data = stream_data(h2, frame->hd.stream_id);
    // Without padding: none is ever selected.
    if (!data) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    h2->calls.write_data(h2->owner, data, header, count);
    // One frame a call of mem_send: the caller looks whether there is room for another.
    return NGHTTP2_ERR_PAUSE;
}

static nghttp2_session_callbacks *make_callbacks(void) {
    nghttp2_session_callbacks *callbacks = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) return NULL;
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    return callbacks;
}

static nghttp2_option *make_option(struct sluice_h2_options options) {
    nghttp2_option *option = NULL;
    if (nghttp2_option_new(&option) != 0) return NULL;
    nghttp2_option_set_no_auto_window_update(option, 1);
    // One place decides what a good head is, and it is not this library, which ignores some bad fields in silence.
    nghttp2_option_set_no_http_messaging(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_deflate_dynamic_table_size(option, options.deflate_table_bytes);
    nghttp2_option_set_max_send_header_block_length(option, 256 * 1024);
    nghttp2_option_set_peer_max_concurrent_streams(option, 100);
    // Limits that count calls or look at the library's own clock: the caller has its own, which do not.
    nghttp2_option_set_max_continuations(option, SIZE_MAX);
    nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX, UINT64_MAX);
    nghttp2_option_set_max_outbound_ack(option, SIZE_MAX);
    return option;
}

static int submit_settings(nghttp2_session *session, struct sluice_h2_options options) {
    nghttp2_settings_entry entries[6];
    size_t count = 0;
    // nghttp2 would end the connection for a stream above the limit, which is a stream error (RFC 9113 §5.1.2): so it knows none, and the caller
    // keeps it. What is sent says it (`sluice_h2_next`).
    if (options.is_server) entries[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, INT32_MAX};
    entries[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window};
    entries[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.header_list_bytes};
    entries[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, options.header_table_bytes};
    if (options.is_server) {
        // A client's streams take turns by nghttp2's tree, where all have the same weight; with this setting they would not.
        entries[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1};
        if (options.extended_connect) entries[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1};
    } else {
        entries[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
    }
    if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries, count) != 0) return -1;
    return nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, (int32_t)options.connection_window) == 0 ? 0 : -1;
}

struct sluice_h2 *sluice_h2_make(struct sluice_h2_options options, const struct sluice_h2_calls *calls, void *owner) {
    struct sluice_h2 *h2 = calloc(1, sizeof *h2);
    nghttp2_session_callbacks *callbacks = make_callbacks();
    nghttp2_option *option = make_option(options);
    int failed = !h2 || !callbacks || !option;
    if (!failed) {
        h2->calls = *calls;
        h2->owner = owner;
        h2->is_server = options.is_server;
        h2->streams = options.streams;
        failed = (options.is_server ? nghttp2_session_server_new3 : nghttp2_session_client_new3)(
                     &h2->session, callbacks, h2, option, sluice_h2_memory()) != 0
            || submit_settings(h2->session, options) != 0;
    }
    // Both were copied.
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    if (failed && h2) {
        nghttp2_session_del(h2->session);
        free(h2);
        h2 = NULL;
    }
    return h2;
}

void sluice_h2_free(struct sluice_h2 *h2) {
    nghttp2_session_del(h2->session);
    free(h2);
}

int sluice_h2_receive(struct sluice_h2 *h2, const uint8_t *bytes, size_t count) {
    return nghttp2_session_mem_recv(h2->session, bytes, count) == (ssize_t)count ? 0 : -1;
}

/* Writes the limit of streams into a server's SETTINGS. */
static ptrdiff_t advertise_streams(struct sluice_h2 *h2, const uint8_t **bytes, ssize_t count) {
    h2->has_sent_settings = 1;
    // A server's first frame (RFC 9113 §3.4), as nghttp2 makes it of `submit_settings`.
    if ((size_t)count > sizeof h2->settings || count < STREAMS_VALUE + 4 || (*bytes)[FRAME_TYPE] != NGHTTP2_SETTINGS) return -1;
    memcpy(h2->settings, *bytes, (size_t)count);
    for (int index = 0; index < 4; index++) h2->settings[STREAMS_VALUE + index] = (uint8_t)(h2->streams >> (24 - 8 * index));
    *bytes = h2->settings;
    return count;
}

ptrdiff_t sluice_h2_next(struct sluice_h2 *h2, const uint8_t **bytes) {
    ssize_t count = nghttp2_session_mem_send(h2->session, bytes);
    if (count < 0) return -1;
    return h2->is_server && !h2->has_sent_settings && count > 0 ? advertise_streams(h2, bytes, count) : count;
}

/* The most fields of one head that is sent. */
enum { MOST_FIELDS = 600 };

static size_t list_fields(nghttp2_nv *list, struct sluice_h2_head head) {
    if (head.count > MOST_FIELDS) return 0;
    for (size_t index = 0; index < head.count; index++) {
        const struct sluice_h2_field *field = head.fields + index;
        list[index] = (nghttp2_nv){
            .name = (uint8_t *)head.text + field->name_start,
            .value = (uint8_t *)head.text + field->value_start,
            .namelen = field->name_count,
            .valuelen = field->value_count,
            .flags = field->never_indexed ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE,
        };
    }
    return head.count;
}

static const nghttp2_data_provider body_provider = {.source = {.ptr = NULL}, .read_callback = read_body};

int32_t sluice_h2_request(struct sluice_h2 *h2, struct sluice_h2_head head, int has_body, void *data) {
    nghttp2_nv list[MOST_FIELDS];
    size_t count = list_fields(list, head);
    if (count == 0) return -1;
    int32_t stream = nghttp2_submit_request(h2->session, NULL, list, count, has_body ? &body_provider : NULL, data);
    return stream < 0 ? -1 : stream;
}

int sluice_h2_respond(struct sluice_h2 *h2, int32_t stream, struct sluice_h2_head head, int has_body) {
    nghttp2_nv list[MOST_FIELDS];
    size_t count = list_fields(list, head);
    return count > 0 && nghttp2_submit_response(h2->session, stream, list, count, has_body ? &body_provider : NULL) == 0 ? 0 : -1;
}

int sluice_h2_inform(struct sluice_h2 *h2, int32_t stream, struct sluice_h2_head head) {
    nghttp2_nv list[MOST_FIELDS];
    size_t count = list_fields(list, head);
    return count > 0 && nghttp2_submit_headers(h2->session, NGHTTP2_FLAG_NONE, stream, NULL, list, count, NULL) == 0 ? 0 : -1;
}

int sluice_h2_trailers(struct sluice_h2 *h2, int32_t stream, struct sluice_h2_head head) {
    nghttp2_nv list[MOST_FIELDS];
    size_t count = list_fields(list, head);
    return count > 0 && nghttp2_submit_trailer(h2->session, stream, list, count) == 0 ? 0 : -1;
}

int sluice_h2_resume(struct sluice_h2 *h2, int32_t stream) { return nghttp2_session_resume_data(h2->session, stream) == 0 ? 0 : -1; }

int sluice_h2_reset(struct sluice_h2 *h2, int32_t stream, uint32_t code) {
    return nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, stream, code) == 0 ? 0 : -1;
}

int sluice_h2_consume_stream(struct sluice_h2 *h2, int32_t stream, size_t count) {
    return nghttp2_session_consume_stream(h2->session, stream, count) == 0 ? 0 : -1;
}

int sluice_h2_consume_connection(struct sluice_h2 *h2, size_t count) {
    return nghttp2_session_consume_connection(h2->session, count) == 0 ? 0 : -1;
}

int sluice_h2_ping(struct sluice_h2 *h2) { return nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL) == 0 ? 0 : -1; }

int sluice_h2_announce_end(struct sluice_h2 *h2) { return nghttp2_submit_shutdown_notice(h2->session) == 0 ? 0 : -1; }

int sluice_h2_end(struct sluice_h2 *h2) {
    int32_t last = h2->is_server ? nghttp2_session_get_last_proc_stream_id(h2->session) : 0;
    return nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0) == 0 ? 0 : -1;
}

int sluice_h2_terminate(struct sluice_h2 *h2, uint32_t code) { return nghttp2_session_terminate_session(h2->session, code) == 0 ? 0 : -1; }

int sluice_h2_is_over(struct sluice_h2 *h2) {
    return !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session);
}

int sluice_h2_wants_write(struct sluice_h2 *h2) { return nghttp2_session_want_write(h2->session); }

int32_t sluice_h2_window(struct sluice_h2 *h2, int32_t stream) {
    return stream == 0 ? nghttp2_session_get_remote_window_size(h2->session) : nghttp2_session_get_stream_remote_window_size(h2->session, stream);
}

size_t sluice_h2_queued(struct sluice_h2 *h2) { return nghttp2_session_get_outbound_queue_size(h2->session); }

int sluice_h2_takes_requests(struct sluice_h2 *h2) { return nghttp2_session_check_request_allowed(h2->session); }

int sluice_h2_is_begun(struct sluice_h2 *h2, int32_t stream) { return nghttp2_session_find_stream(h2->session, stream) != NULL; }

uint32_t sluice_h2_peer_streams(struct sluice_h2 *h2) {
    return nghttp2_session_get_remote_settings(h2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

int sluice_h2_peer_takes_connect(struct sluice_h2 *h2) {
    return nghttp2_session_get_remote_settings(h2->session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

#include "zlib_shim.h"

#include <stdlib.h>
#include <zlib.h>

struct sluice_deflate {
    z_stream stream;
};

struct sluice_inflate {
    z_stream stream;
};

// zlib's own default.
static const int memory_level = 8;

size_t sluice_deflate_size(void) {
    // zconf.h: (1 << (windowBits + 2)) + (1 << (memLevel + 9)), and the state itself.
    return (1u << (15 + 2)) + (1u << (memory_level + 9)) + 8192;
}

struct sluice_deflate *sluice_deflate_make(int level) {
    struct sluice_deflate *coder = level < 1 || level > 9 ? NULL : calloc(1, sizeof *coder);
    if (coder == NULL) return NULL;
    // Negative bits: no wrapper.
    if (deflateInit2(&coder->stream, level, Z_DEFLATED, -15, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(coder);
        return NULL;
    }
    return coder;
}

void sluice_deflate_free(struct sluice_deflate *coder) {
    deflateEnd(&coder->stream);
    free(coder);
}

void sluice_deflate_reset(struct sluice_deflate *coder) { deflateReset(&coder->stream); }

static uInt limited(size_t count) { return count > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)count; }

int sluice_deflate_code(struct sluice_deflate *coder, const uint8_t *in, size_t *in_count, uint8_t *out, size_t *out_count, int mark) {
    z_stream *stream = &coder->stream;
    uInt given = limited(*in_count), room = limited(*out_count);
    int is_all = given == *in_count;
    stream->next_in = (Bytef *)in;
    stream->avail_in = given;
    stream->next_out = out;
    stream->avail_out = room;
    int flush = !is_all || mark == 0 ? Z_NO_FLUSH : mark == 1 ? Z_SYNC_FLUSH : Z_FINISH;
    int result = deflate(stream, flush);
    *in_count = given - stream->avail_in;
    *out_count = room - stream->avail_out;
    if (result == Z_STREAM_END) return 0;
    // Z_BUF_ERROR: there was nothing to do, which is no error.
    if (result != Z_OK && result != Z_BUF_ERROR) return -1;
    if (stream->avail_in > 0 || !is_all || mark == 2) return 1;
    return mark == 1 && stream->avail_out == 0 ? 1 : 0;
}

struct sluice_inflate *sluice_inflate_make(void) {
    struct sluice_inflate *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) return NULL;
    // 16: gzip and nothing else.
    if (inflateInit2(&decoder->stream, 15 + 16) != Z_OK) {
        free(decoder);
        return NULL;
    }
    return decoder;
}

void sluice_inflate_free(struct sluice_inflate *decoder) {
    inflateEnd(&decoder->stream);
    free(decoder);
}

void sluice_inflate_reset(struct sluice_inflate *decoder) { inflateReset(&decoder->stream); }

int sluice_inflate_decode(struct sluice_inflate *decoder, const uint8_t *in, size_t *in_count, uint8_t *out, size_t *out_count) {
    z_stream *stream = &decoder->stream;
    uInt given = limited(*in_count), room = limited(*out_count);
    stream->next_in = (Bytef *)in;
    stream->avail_in = given;
    stream->next_out = out;
    stream->avail_out = room;
    int result = inflate(stream, Z_NO_FLUSH);
    *in_count = given - stream->avail_in;
    *out_count = room - stream->avail_out;
    if (result == Z_STREAM_END) return 2;
    if (result != Z_OK && result != Z_BUF_ERROR) return -1;
    return stream->avail_in > 0 || stream->avail_out == 0 ? 1 : 0;
}

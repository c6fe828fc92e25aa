// zlib behind a surface that Swift can import: its initialisers are macros.
#ifndef SLUICE_ZLIB_H
#define SLUICE_ZLIB_H

#include <stddef.h>
#include <stdint.h>

/// A coder of raw deflate data (RFC 1951), levels 1 to 9.
struct sluice_deflate;

/// NULL if there is no memory, or no such level.
struct sluice_deflate *_Nullable sluice_deflate_make(int level);
void sluice_deflate_free(struct sluice_deflate *_Nonnull coder);
/// Bytes that a coder takes.
size_t sluice_deflate_size(void);
/// Makes it as new: what it writes next refers to nothing before.
void sluice_deflate_reset(struct sluice_deflate *_Nonnull coder);

/// Codes bytes. The counts say how many there are, and then how many were taken and written.
///
/// `mark`: 0 more comes; 1 what was taken shall come out, and the output ends at a byte; 2 the data end here. `out_count` is at least 64.
/// Returns 0 if all input is taken and the mark is reached, 1 if it wants more room, -1 if it failed.
int sluice_deflate_code(
    struct sluice_deflate *_Nonnull coder, const uint8_t *_Nullable in, size_t *_Nonnull in_count, uint8_t *_Nonnull out, size_t *_Nonnull out_count,
    int mark);

/// A decoder of one gzip member (RFC 1952), its checksum included.
struct sluice_inflate;

/// NULL if there is no memory.
struct sluice_inflate *_Nullable sluice_inflate_make(void);
void sluice_inflate_free(struct sluice_inflate *_Nonnull decoder);
/// Makes it as new, for another member.
void sluice_inflate_reset(struct sluice_inflate *_Nonnull decoder);

/// Decodes bytes. The counts say how many there are, and then how many were taken and written.
/// Returns 0 if all input is taken and all output is out, 1 if it wants more room, 2 behind the member, -1 if the bytes are no gzip data.
int sluice_inflate_decode(
    struct sluice_inflate *_Nonnull decoder, const uint8_t *_Nullable in, size_t *_Nonnull in_count, uint8_t *_Nonnull out,
    size_t *_Nonnull out_count);

#endif

// ISA-L's deflate (libisal) behind a surface that Swift can import: its own structures hold buffers of 100 kB.
#ifndef SLUICE_ISAL_H
#define SLUICE_ISAL_H

#include <stddef.h>
#include <stdint.h>

/// A coder of raw deflate data (RFC 1951), levels 1 to 3.
struct sluice_isal;

/// NULL if there is no memory, or no such level.
struct sluice_isal *_Nullable sluice_isal_make(int level);
void sluice_isal_free(struct sluice_isal *_Nonnull coder);
/// Bytes that a coder takes.
size_t sluice_isal_size(int level);
/// Makes it as new: what it writes next refers to nothing before.
void sluice_isal_reset(struct sluice_isal *_Nonnull coder);

/// Codes bytes. The counts say how many there are, and then how many were taken and written.
///
/// `mark`: 0 more comes; 1 what was taken shall come out, and the output ends at a byte; 2 the data end here. `out_count` is at least 64.
/// Returns 0 if all input is taken and the mark is reached, 1 if it wants more room, -1 if it failed.
int sluice_isal_deflate(
    struct sluice_isal *_Nonnull coder, const uint8_t *_Nullable in, size_t *_Nonnull in_count, uint8_t *_Nonnull out, size_t *_Nonnull out_count,
    int mark);

/// The CRC-32 of gzip (RFC 1952 §8), continued from `crc`; it begins with 0.
uint32_t sluice_crc32(uint32_t crc, const uint8_t *_Nullable bytes, size_t count);

#endif

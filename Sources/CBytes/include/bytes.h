// What Swift's SIMD types cannot say: a comparison of 16 bytes as a mask in an integer. One function of a few instructions each,
// inlined into Swift; clang's vector types make it the machine's own on every processor.
#ifndef SLUICE_BYTES_H
#define SLUICE_BYTES_H

#include <stdint.h>

typedef uint8_t sluice_bytes_16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef _Bool sluice_mask_16 __attribute__((ext_vector_type(16)));

/// Bit n is set when byte n of the 16 from `address` on is a control byte (0x00 to 0x1F, or 0x7F) other than HTAB.
static inline uint32_t sluice_control_bytes_16(const void *address) {
    sluice_bytes_16 bytes = *(const sluice_bytes_16 *)address;
    sluice_mask_16 mask = __builtin_convertvector(((bytes < 0x20) & (bytes != 0x09)) | (bytes == 0x7F), sluice_mask_16);
    uint16_t bits;
    __builtin_memcpy(&bits, &mask, sizeof bits);
    return bits;
}

/// Bit n is set when byte n of the 16 from `address` on is no ASCII letter, no digit and no '-'.
static inline uint32_t sluice_bytes_outside_name_16(const void *address) {
    sluice_bytes_16 bytes = *(const sluice_bytes_16 *)address;
    sluice_bytes_16 letters = (bytes | 0x20) - 'a';
    sluice_bytes_16 digits = bytes - '0';
    sluice_mask_16 mask = __builtin_convertvector(~((letters < 26) | (digits < 10) | (bytes == '-')), sluice_mask_16);
    uint16_t bits;
    __builtin_memcpy(&bits, &mask, sizeof bits);
    return bits;
}

/// The low half: bit n is set when byte n of the 16 from `address` on is no ASCII letter, no digit, no '-' and no '.'.
/// The high half: bit 16 + n is set when it is '.'.
static inline uint32_t sluice_host_bytes_16(const void *address) {
    sluice_bytes_16 bytes = *(const sluice_bytes_16 *)address;
    sluice_bytes_16 letters = (bytes | 0x20) - 'a';
    sluice_bytes_16 digits = bytes - '0';
    sluice_bytes_16 dashes = bytes - '-';
    sluice_mask_16 mask = __builtin_convertvector(~((letters < 26) | (digits < 10) | (dashes < 2)), sluice_mask_16);
    sluice_mask_16 dots = __builtin_convertvector(bytes == '.', sluice_mask_16);
    uint16_t bits, dot_bits;
    __builtin_memcpy(&bits, &mask, sizeof bits);
    __builtin_memcpy(&dot_bits, &dots, sizeof dot_bits);
    return (uint32_t)dot_bits << 16 | bits;
}

/// Bit n is set when byte n of the 16 from `address` on is below 0x26, above 0x7E, or `stop`.
static inline uint32_t sluice_bytes_outside_target_16(const void *address, uint8_t stop) {
    sluice_bytes_16 bytes = *(const sluice_bytes_16 *)address;
    sluice_mask_16 mask = __builtin_convertvector((bytes < 0x26) | (bytes > 0x7E) | (bytes == stop), sluice_mask_16);
    uint16_t bits;
    __builtin_memcpy(&bits, &mask, sizeof bits);
    return bits;
}

#endif

#ifndef SLUICE_AUTHORITY_H
#define SLUICE_AUTHORITY_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

/* Makes the certificates of a development authority: for `localhost`, 127.0.0.1 and ::1 only, with keys on P-256. */

/* NULL if it cannot be made. The caller frees it. */
EVP_PKEY *_Nullable sluice_key_make(void);
/* A certificate that signs itself and may issue certificates for these names only (RFC 5280 §4.2.1.10). Times in seconds since 1970. */
X509 *_Nullable sluice_authority_make(EVP_PKEY *_Nonnull key, const char *_Nonnull name, int64_t not_before, int64_t not_after);
/* A server's certificate for these names. */
X509 *_Nullable sluice_localhost_make(
    EVP_PKEY *_Nonnull key, X509 *_Nonnull authority, EVP_PKEY *_Nonnull authority_key, int64_t not_before, int64_t not_after);

/* Certificates and a key as PEM, the key as PKCS #8. NULL without memory. The caller frees it, with as many bytes as it has. */
uint8_t *_Nullable sluice_pem_make(X509 *_Nullable first, X509 *_Nullable second, EVP_PKEY *_Nullable key, size_t *_Nonnull count);
/* Frees it, and overwrites it before. */
void sluice_pem_free(uint8_t *_Nonnull bytes, size_t count);

/* Random bytes that nobody can guess. 0, or -1. */
int sluice_random(uint8_t *_Nonnull bytes, size_t count);

#endif

#ifndef SLUICE_CERTIFICATES_H
#define SLUICE_CERTIFICATES_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

/* Certificates and private keys, read from PEM and looked into. What is read is the caller's to free. Nothing here asks for a password, and
   nothing leaves errors in the thread's queue. */

struct stack_st_X509;
struct stack_st_X509_NAME;

enum { SLUICE_PEM_WELL, SLUICE_PEM_NONE, SLUICE_PEM_MALFORMED, SLUICE_PEM_ENCRYPTED, SLUICE_PEM_TOO_MANY };

/* Reads all certificates of a text, other blocks left out. `found` counts those in `certificates`, whatever is returned. */
int sluice_certificates_read(const uint8_t *_Nonnull bytes, size_t count, X509 *_Nullable *_Nonnull certificates, int room, int *_Nonnull found);
void sluice_certificate_free(X509 *_Nonnull certificate);

/* Reads all certificates of a text, other blocks left out, as those who sign others: to verify by, and their names, each once. `found` counts
   the certificates. Nothing is there to be freed unless SLUICE_PEM_WELL is returned. */
int sluice_authorities_read(
    const uint8_t *_Nonnull bytes, size_t count, X509_STORE *_Nullable *_Nonnull store, struct stack_st_X509_NAME *_Nullable *_Nonnull names,
    int *_Nonnull found);
void sluice_authorities_free(X509_STORE *_Nonnull store, struct stack_st_X509_NAME *_Nonnull names);
/* Has the peers of a context verified by them; a server tells its clients the names. 0, or -1 without memory. */
int sluice_authorities_install(X509_STORE *_Nonnull store, struct stack_st_X509_NAME *_Nullable names, SSL_CTX *_Nonnull context);

/* Reads the one private key of a text, other blocks left out. */
int sluice_key_read(const uint8_t *_Nonnull bytes, size_t count, EVP_PKEY *_Nullable *_Nonnull key);
void sluice_key_free(EVP_PKEY *_Nonnull key);

enum { SLUICE_KEY_OTHER, SLUICE_KEY_RSA, SLUICE_KEY_P256, SLUICE_KEY_P384, SLUICE_KEY_P521, SLUICE_KEY_ED25519 };

typedef struct {
    /* Seconds since 1970. */
    int64_t not_before, not_after;
    int key_kind, key_bits;
    /* Signed with its own key. */
    int is_self_signed;
    /* May be used by a server (its key usage and extended key usage, RFC 5280 §4.2.1.3 and §4.2.1.12). */
    int is_for_servers;
    int is_authority;
    /* The digest of its signature is of less than 80 bits of security: SHA-1, MD5. */
    int is_weakly_signed;
    uint8_t fingerprint[32];
} sluice_certificate_facts;

/* 0, or -1 if its public key or a date cannot be read. Looks at all extensions, so that later uses only read. */
int sluice_certificate_look(X509 *_Nonnull certificate, sluice_certificate_facts *_Nonnull facts);
/* Writes the subject or the issuer as text (RFC 4514, most significant first, control characters escaped), with a NUL, cut off where there is no room. */
void sluice_certificate_subject(const X509 *_Nonnull certificate, char *_Nonnull text, size_t room);
void sluice_certificate_issuer(const X509 *_Nonnull certificate, char *_Nonnull text, size_t room);
/* The type of its key in words, for one that is not known here: the type, and the curve if it has one. */
void sluice_certificate_key_type(X509 *_Nonnull certificate, char *_Nonnull text, size_t room);

enum { SLUICE_NAME_DNS = 1, SLUICE_NAME_ADDRESS = 2 };

/* The names in its extension subjectAltName (RFC 5280 §4.2.1.6): for each its kind, its length in two bytes (high first), its bytes; others
   than DNS names and addresses are left out. Returns the bytes that all take, of which those that there is room for are written; -1 if the
   extension cannot be read. */
long sluice_certificate_names(const X509 *_Nonnull certificate, uint8_t *_Nullable out, size_t room);

/* Whether `issuer` issued `certificate`: names and key identifiers agree, it may, and its key verifies the signature. */
int sluice_certificate_issued(X509 *_Nonnull issuer, X509 *_Nonnull certificate);
/* 1 if the key is that of the certificate, shown by a signature; 0 if it is another; -1 if it signs nothing that the certificate verifies. */
int sluice_key_belongs(X509 *_Nonnull certificate, EVP_PKEY *_Nonnull key);

/* The certificates as a stack, which holds them too. NULL without memory. */
struct stack_st_X509 *_Nullable sluice_chain_make(X509 *_Nullable const *_Nonnull certificates, int count);
void sluice_chain_free(struct stack_st_X509 *_Nonnull chain);

/* Whether a server would take them, by the limits that this OpenSSL is built or set up with: 0, or -1 and why. */
int sluice_pair_try(X509 *_Nonnull leaf, struct stack_st_X509 *_Nonnull chain, EVP_PKEY *_Nonnull key, char *_Nonnull why, size_t room);

/* SHA-256, for telling contents apart. */
void sluice_digest(const uint8_t *_Nonnull bytes, size_t count, uint8_t *_Nonnull digest);
/* Overwrites secrets. */
void sluice_wipe(void *_Nonnull bytes, size_t count);

#endif

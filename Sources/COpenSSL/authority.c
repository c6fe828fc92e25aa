#include "authority.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <limits.h>
#include <string.h>

struct extension {
    int name;
    const char *value;
};

static const struct extension authority_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_name_constraints,
     "critical,permitted;DNS:localhost,permitted;IP:127.0.0.1/255.255.255.255,"
     "permitted;IP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {NID_subject_key_identifier, "hash"},
};

static const struct extension localhost_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};

EVP_PKEY *sluice_key_make(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    ERR_clear_error();
    return key;
}

static int add_name(X509_NAME *name, const char *field, const char *value) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) == 1;
}

/* 127 random bits behind a one: positive, and of the same length always (RFC 5280 §4.1.2.2). */
static int set_serial(X509 *certificate) {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return 0;
    bytes[0] = (bytes[0] & 0x3F) | 0x40;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    int is_set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return is_set;
}

static int add_extensions(X509 *certificate, X509 *issuer, const struct extension *extensions, size_t count) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    for (size_t index = 0; index < count; index++) {
        X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, extensions[index].name, extensions[index].value);
        int is_added = extension && X509_add_ext(certificate, extension, -1) == 1;
        X509_EXTENSION_free(extension);
        if (!is_added) return 0;
    }
    return 1;
}

static X509 *make(
    EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key, int64_t not_before, int64_t not_after, const struct extension *extensions,
    size_t count) {
    X509 *certificate = X509_new();
    if (!certificate) return NULL;
    X509_NAME *subject = X509_get_subject_name(certificate);
    int is_made = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) && X509_set_pubkey(certificate, key) == 1
        && add_name(subject, "O", "Sluice development") && add_name(subject, "CN", name)
        && X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject) == 1
        && ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)not_before) != NULL
        && ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)not_after) != NULL
        && add_extensions(certificate, issuer ? issuer : certificate, extensions, count)
        && X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
    if (!is_made) {
        X509_free(certificate);
        certificate = NULL;
    }
    ERR_clear_error();
    return certificate;
}

X509 *sluice_authority_make(EVP_PKEY *key, const char *name, int64_t not_before, int64_t not_after) {
    return make(
        key, name, NULL, key, not_before, not_after, authority_extensions, sizeof authority_extensions / sizeof *authority_extensions);
}

X509 *sluice_localhost_make(EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key, int64_t not_before, int64_t not_after) {
    return make(
        key, "localhost", authority, authority_key, not_before, not_after, localhost_extensions,
        sizeof localhost_extensions / sizeof *localhost_extensions);
}

uint8_t *sluice_pem_make(X509 *first, X509 *second, EVP_PKEY *key, size_t *count) {
    uint8_t *copy = NULL;
    *count = 0;
    /* Its memory is overwritten when it grows and when it is freed. */
    BIO *out = BIO_new(BIO_s_mem());
    if (out && (!first || PEM_write_bio_X509(out, first) == 1) && (!second || PEM_write_bio_X509(out, second) == 1)
        && (!key || PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1)) {
        char *bytes = NULL;
        long length = BIO_get_mem_data(out, &bytes);
        copy = length > 0 ? OPENSSL_malloc((size_t)length) : NULL;
        if (copy) {
            memcpy(copy, bytes, (size_t)length);
            *count = (size_t)length;
        }
    }
    BIO_free(out);
    ERR_clear_error();
    return copy;
}

void sluice_pem_free(uint8_t *bytes, size_t count) { OPENSSL_clear_free(bytes, count); }

int sluice_random(uint8_t *bytes, size_t count) {
    int is_made = count <= INT_MAX && RAND_bytes(bytes, (int)count) == 1;
    ERR_clear_error();
    return is_made ? 0 : -1;
}

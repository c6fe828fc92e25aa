#define _GNU_SOURCE
#include "certificates.h"
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <limits.h>
#include <string.h>
#include <time.h>

/* OpenSSL's own would ask on the terminal. */
static int refuse_password(char *text, int room, int writes, void *was_asked) {
    (void)text, (void)room, (void)writes;
    *(int *)was_asked = 1;
    return -1;
}

static BIO *open_text(const uint8_t *bytes, size_t count) { return count > INT_MAX ? NULL : BIO_new_mem_buf(bytes, (int)count); }

/* What the end of a text means: the last error tells it from a certificate that cannot be read. */
static int result_at_end(int found) {
    unsigned long error = ERR_peek_last_error();
    int is_at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    return !is_at_end ? SLUICE_PEM_MALFORMED : found > 0 ? SLUICE_PEM_WELL : SLUICE_PEM_NONE;
}

int sluice_certificates_read(const uint8_t *bytes, size_t count, X509 **certificates, int room, int *found) {
    *found = 0;
    ERR_clear_error();
    BIO *text = open_text(bytes, count);
    if (!text) return SLUICE_PEM_MALFORMED;
    int result, was_asked = 0;
    for (;;) {
        X509 *certificate = PEM_read_bio_X509(text, NULL, refuse_password, &was_asked);
        if (!certificate) {
            result = result_at_end(*found);
            break;
        }
        if (*found == room) {
            X509_free(certificate);
            result = SLUICE_PEM_TOO_MANY;
            break;
        }
        certificates[(*found)++] = certificate;
    }
    BIO_free(text);
    ERR_clear_error();
    return result;
}

void sluice_certificate_free(X509 *certificate) { X509_free(certificate); }

/* Adds the subject of a certificate, unless it is there. Few enough to look at all. */
static int add_name(STACK_OF(X509_NAME) *names, X509 *certificate) {
    const X509_NAME *subject = X509_get_subject_name(certificate);
    for (int i = 0; i < sk_X509_NAME_num(names); i++)
        if (X509_NAME_cmp(sk_X509_NAME_value(names, i), subject) == 0) return 1;
    X509_NAME *copy = X509_NAME_dup(subject);
    if (copy && sk_X509_NAME_push(names, copy)) return 1;
    X509_NAME_free(copy);
    return 0;
}

int sluice_authorities_read(const uint8_t *bytes, size_t count, X509_STORE **store, STACK_OF(X509_NAME) **names, int *found) {
    *found = 0;
    ERR_clear_error();
    BIO *text = open_text(bytes, count);
    *store = X509_STORE_new();
    *names = sk_X509_NAME_new_null();
    int result = SLUICE_PEM_MALFORMED, was_asked = 0;
    X509 *certificate;
    while (text && *store && *names) {
        /* With what it is trusted for, if it says so. */
        if (!(certificate = PEM_read_bio_X509_AUX(text, NULL, refuse_password, &was_asked))) {
            result = result_at_end(*found);
            break;
        }
        int is_added = X509_STORE_add_cert(*store, certificate) == 1 && add_name(*names, certificate);
        X509_free(certificate);
        if (!is_added) break;
        ++*found;
    }
    BIO_free(text);
    if (result != SLUICE_PEM_WELL) {
        X509_STORE_free(*store);
        sk_X509_NAME_pop_free(*names, X509_NAME_free);
        *store = NULL;
        *names = NULL;
    }
    ERR_clear_error();
    return result;
}

void sluice_authorities_free(X509_STORE *store, STACK_OF(X509_NAME) *names) {
    X509_STORE_free(store);
    sk_X509_NAME_pop_free(names, X509_NAME_free);
}

int sluice_authorities_install(X509_STORE *store, STACK_OF(X509_NAME) *names, SSL_CTX *context) {
    if (names) {
        STACK_OF(X509_NAME) *own = SSL_dup_CA_list(names);
        if (!own) return -1;
        SSL_CTX_set_client_CA_list(context, own);
    }
    SSL_CTX_set1_cert_store(context, store);
    return 0;
}

int sluice_key_read(const uint8_t *bytes, size_t count, EVP_PKEY **key) {
    *key = NULL;
    ERR_clear_error();
    BIO *text = open_text(bytes, count);
    if (!text) return SLUICE_PEM_MALFORMED;
    int was_asked = 0, result = SLUICE_PEM_WELL;
    EVP_PKEY *first = PEM_read_bio_PrivateKey(text, NULL, refuse_password, &was_asked);
    if (first) {
        EVP_PKEY *second = PEM_read_bio_PrivateKey(text, NULL, refuse_password, &was_asked);
        if (second) {
            EVP_PKEY_free(second);
            EVP_PKEY_free(first);
            result = SLUICE_PEM_TOO_MANY;
        } else {
            *key = first;
        }
    } else {
        /* Its errors do not tell a text without a key from one with a damaged key. */
        static const char mark[] = "PRIVATE KEY-----";
        int has_key = memmem(bytes, count, mark, sizeof mark - 1) != NULL;
        result = was_asked ? SLUICE_PEM_ENCRYPTED : has_key ? SLUICE_PEM_MALFORMED : SLUICE_PEM_NONE;
    }
    BIO_free(text);
    ERR_clear_error();
    return result;
}

void sluice_key_free(EVP_PKEY *key) { EVP_PKEY_free(key); }

static int key_kind(EVP_PKEY *key) {
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return SLUICE_KEY_RSA;
    case EVP_PKEY_ED25519: return SLUICE_KEY_ED25519;
    case EVP_PKEY_EC: break;
    default: return SLUICE_KEY_OTHER;
    }
    char group[64];
    if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1) return SLUICE_KEY_OTHER;
    switch (OBJ_txt2nid(group)) {
    case NID_X9_62_prime256v1: return SLUICE_KEY_P256;
    case NID_secp384r1: return SLUICE_KEY_P384;
    case NID_secp521r1: return SLUICE_KEY_P521;
    default: return SLUICE_KEY_OTHER;
    }
}

static int seconds(const ASN1_TIME *time, int64_t *out) {
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return -1;
    *out = timegm(&parts);
    return 0;
}

int sluice_certificate_look(X509 *certificate, sluice_certificate_facts *facts) {
    ERR_clear_error();
    memset(facts, 0, sizeof *facts);
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    int result = -1;
    unsigned int length = 0;
    if (key && seconds(X509_get0_notBefore(certificate), &facts->not_before) == 0
        && seconds(X509_get0_notAfter(certificate), &facts->not_after) == 0
        && X509_digest(certificate, EVP_sha256(), facts->fingerprint, &length) == 1) {
        facts->key_kind = key_kind(key);
        facts->key_bits = EVP_PKEY_get_bits(key);
        facts->is_for_servers = X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) == 1;
        facts->is_authority = X509_check_ca(certificate) != 0;
        facts->is_self_signed = X509_self_signed(certificate, 1) == 1;
        int bits = 0;
        facts->is_weakly_signed = X509_get_signature_info(certificate, NULL, NULL, &bits, NULL) == 1 && bits < 80;
        result = 0;
    }
    ERR_clear_error();
    return result;
}

static void write_name(const X509_NAME *name, char *text, size_t room) {
    size_t length = 0;
    BIO *out = BIO_new(BIO_s_mem());
    if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        int count = BIO_read(out, text, (int)(room - 1));
        if (count > 0) length = (size_t)count;
    }
    text[length] = 0;
    BIO_free(out);
    ERR_clear_error();
}

void sluice_certificate_subject(const X509 *certificate, char *text, size_t room) {
    write_name(X509_get_subject_name(certificate), text, room);
}

void sluice_certificate_issuer(const X509 *certificate, char *text, size_t room) {
    write_name(X509_get_issuer_name(certificate), text, room);
}

void sluice_certificate_key_type(X509 *certificate, char *text, size_t room) {
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    const char *type = key ? OBJ_nid2sn(EVP_PKEY_get_base_id(key)) : NULL;
    char group[64];
    if (!type) type = "unknown";
    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        int is_named = EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1;
        BIO_snprintf(text, room, "EC on %s", is_named ? group : "a curve of its own");
    } else {
        BIO_snprintf(text, room, "%s", type);
    }
    ERR_clear_error();
}

long sluice_certificate_names(const X509 *certificate, uint8_t *out, size_t room) {
    int state = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, &state, NULL);
    ERR_clear_error();
    if (!names) return state == -1 ? 0 : -1;
    size_t total = 0;
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &type);
        if (type != GEN_DNS && type != GEN_IPADD) continue;
        int length = ASN1_STRING_length(value);
        if (length < 0 || length > UINT16_MAX) continue;
        size_t size = 3 + (size_t)length;
        if (out && total + size <= room) {
            out[total] = type == GEN_DNS ? SLUICE_NAME_DNS : SLUICE_NAME_ADDRESS;
            out[total + 1] = (uint8_t)(length >> 8);
            out[total + 2] = (uint8_t)length;
            memcpy(out + total + 3, ASN1_STRING_get0_data(value), (size_t)length);
        }
        total += size;
    }
    GENERAL_NAMES_free(names);
    return (long)total;
}

int sluice_certificate_issued(X509 *issuer, X509 *certificate) {
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    int issued = key && X509_check_issued(issuer, certificate) == X509_V_OK && X509_verify(certificate, key) == 1;
    ERR_clear_error();
    return issued;
}

int sluice_key_belongs(X509 *certificate, EVP_PKEY *key) {
    static const unsigned char message[] = "is this the key of this certificate?";
    EVP_PKEY *public_key = X509_get0_pubkey(certificate);
    if (!public_key || EVP_PKEY_eq(public_key, key) != 1) {
        ERR_clear_error();
        return 0;
    }
    /* The files of a key hold its public part too: only a signature shows that the other part belongs to it. */
    int kind = EVP_PKEY_get_base_id(key);
    const EVP_MD *digest = kind == EVP_PKEY_RSA || kind == EVP_PKEY_EC ? EVP_sha256() : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[2048];
    size_t length = sizeof signature;
    int belongs = context && EVP_PKEY_get_size(key) <= (int)sizeof signature && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1
        && EVP_DigestSign(context, signature, &length, message, sizeof message) == 1 && EVP_MD_CTX_reset(context) == 1
        && EVP_DigestVerifyInit(context, NULL, digest, NULL, public_key) == 1
        && EVP_DigestVerify(context, signature, length, message, sizeof message) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return belongs ? 1 : -1;
}

struct stack_st_X509 *sluice_chain_make(X509 *const *certificates, int count) {
    STACK_OF(X509) *chain = sk_X509_new_reserve(NULL, count);
    if (!chain) return NULL;
    for (int index = 0; index < count; index++) {
        X509_up_ref(certificates[index]);
        sk_X509_push(chain, certificates[index]);
    }
    return chain;
}

void sluice_chain_free(struct stack_st_X509 *chain) { sk_X509_pop_free(chain, X509_free); }

int sluice_pair_try(X509 *leaf, struct stack_st_X509 *chain, EVP_PKEY *key, char *why, size_t room) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    int is_taken = context && SSL_CTX_use_cert_and_key(context, leaf, key, chain, 1) == 1;
    if (!is_taken) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        BIO_snprintf(why, room, "%s", reason ? reason : "no memory");
    }
    SSL_CTX_free(context);
    ERR_clear_error();
    return is_taken ? 0 : -1;
}

void sluice_digest(const uint8_t *bytes, size_t count, uint8_t *digest) { SHA256(bytes, count, digest); }
void sluice_wipe(void *bytes, size_t count) { OPENSSL_cleanse(bytes, count); }

#include "ticket_keys.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct ticket_key {
    unsigned char name[16], hmac[32], aes[32];
};

_Static_assert(sizeof(struct ticket_key) == SLUICE_TICKET_KEY_SIZE, "keys are copied as they lie in files");

/* Never changes once it is published. */
struct key_list {
    atomic_size_t holders;
    int count;
    struct ticket_key keys[];
};

struct sluice_ticket_keys {
    atomic_size_t holders;
    EVP_CIPHER *cipher;
    /* Held while `list` is taken or put, never while a key is used. */
    pthread_mutex_t lock;
    struct key_list *list;
};

static struct key_list *make_list(int count) {
    struct key_list *list = calloc(1, sizeof *list + (size_t)count * sizeof *list->keys);
    if (!list) return NULL;
    atomic_init(&list->holders, 1);
    list->count = count;
    return list;
}

static void release_list(struct key_list *list) {
    if (atomic_fetch_sub_explicit(&list->holders, 1, memory_order_acq_rel) != 1) return;
    OPENSSL_cleanse(list->keys, (size_t)list->count * sizeof *list->keys);
    free(list);
}

static struct key_list *hold_list(sluice_ticket_keys *keys) {
    pthread_mutex_lock(&keys->lock);
    struct key_list *list = keys->list;
    atomic_fetch_add_explicit(&list->holders, 1, memory_order_relaxed);
    pthread_mutex_unlock(&keys->lock);
    return list;
}

static void publish_list(sluice_ticket_keys *keys, struct key_list *list) {
    pthread_mutex_lock(&keys->lock);
    struct key_list *before = keys->list;
    keys->list = list;
    pthread_mutex_unlock(&keys->lock);
    release_list(before);
}

sluice_ticket_keys *sluice_ticket_keys_make(void) {
    sluice_ticket_keys *keys = calloc(1, sizeof *keys);
    struct key_list *list = make_list(0);
    /* Fetched once: each look-up by name would cost more than sealing a ticket. */
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    if (!keys || !list || !cipher || pthread_mutex_init(&keys->lock, NULL) != 0) {
        EVP_CIPHER_free(cipher);
        free(list);
        free(keys);
        ERR_clear_error();
        return NULL;
    }
    atomic_init(&keys->holders, 1);
    keys->cipher = cipher;
    keys->list = list;
    return keys;
}

void sluice_ticket_keys_release(sluice_ticket_keys *keys) {
    if (atomic_fetch_sub_explicit(&keys->holders, 1, memory_order_acq_rel) != 1) return;
    release_list(keys->list);
    pthread_mutex_destroy(&keys->lock);
    EVP_CIPHER_free(keys->cipher);
    free(keys);
}

int sluice_ticket_keys_rotate(sluice_ticket_keys *keys, int old) {
    struct key_list *before = hold_list(keys);
    if (old > before->count) old = before->count;
    if (old > SLUICE_TICKET_KEYS_MOST - 1) old = SLUICE_TICKET_KEYS_MOST - 1;
    struct key_list *list = make_list(old + 1);
    int is_made = list && RAND_bytes(list->keys[0].name, sizeof list->keys[0].name) == 1
        && RAND_priv_bytes(list->keys[0].hmac, sizeof list->keys[0].hmac) == 1 && RAND_priv_bytes(list->keys[0].aes, sizeof list->keys[0].aes) == 1;
    if (is_made) {
        memcpy(list->keys + 1, before->keys, (size_t)old * sizeof *list->keys);
        publish_list(keys, list);
    } else if (list) {
        release_list(list);
    }
    release_list(before);
    ERR_clear_error();
    return is_made ? 0 : -1;
}

int sluice_ticket_keys_replace(sluice_ticket_keys *keys, const uint8_t *bytes, int count) {
    if (count < 0 || count > SLUICE_TICKET_KEYS_MOST) return -1;
    size_t size = (size_t)count * sizeof(struct ticket_key);
    struct key_list *before = hold_list(keys);
    int is_same = before->count == count && CRYPTO_memcmp(before->keys, bytes, size) == 0;
    release_list(before);
    if (is_same) return 0;
    struct key_list *list = make_list(count);
    if (!list) return -1;
    memcpy(list->keys, bytes, size);
    publish_list(keys, list);
    return 1;
}

int sluice_ticket_keys_names(sluice_ticket_keys *keys, uint8_t *names, int room) {
    struct key_list *list = hold_list(keys);
    int count = list->count;
    for (int index = 0; names && index < count && index < room; index++) memcpy(names + index * 16, list->keys[index].name, 16);
    release_list(list);
    return count;
}

/* Where a context keeps its keys. */
static int slot = -1;
static pthread_once_t slot_once = PTHREAD_ONCE_INIT;

static void free_slot(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long number, void *argument) {
    (void)parent, (void)data, (void)index, (void)number, (void)argument;
    if (pointer) sluice_ticket_keys_release(pointer);
}

static void make_slot(void) { slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_slot); }

static int set_mac(EVP_MAC_CTX *mac, struct ticket_key *key) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->hmac, sizeof key->hmac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): sealing 1, or 0 for no ticket; opening 0 for a key that is not known, 1, or 2 for a ticket that is to be
   replaced by one of the current key. */
static int prepare(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seals) {
    sluice_ticket_keys *keys = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot);
    if (!keys) return 0;
    struct key_list *list = hold_list(keys);
    int result = 0;
    if (seals) {
        if (list->count > 0) {
            struct ticket_key *key = list->keys;
            memcpy(name, key->name, sizeof key->name);
            result = RAND_bytes(iv, 16) == 1 && EVP_EncryptInit_ex2(cipher, keys->cipher, key->aes, iv, NULL) == 1 && set_mac(mac, key) ? 1 : -1;
        }
    } else {
        for (int index = 0; index < list->count; index++) {
            struct ticket_key *key = list->keys + index;
            if (memcmp(name, key->name, sizeof key->name) != 0) continue;
            /* In TLS 1.3 a client should use a ticket once (RFC 8446 §C.4), so it always gets another. */
            int keeps = index == 0 && SSL_version(ssl) < TLS1_3_VERSION;
            if (EVP_DecryptInit_ex2(cipher, keys->cipher, key->aes, iv, NULL) == 1 && set_mac(mac, key)) result = keeps ? 1 : 2;
            else result = -1;
            break;
        }
    }
    release_list(list);
    return result;
}

int sluice_ticket_keys_attach(sluice_ticket_keys *keys, SSL_CTX *context) {
    pthread_once(&slot_once, make_slot);
    if (slot < 0) return -1;
    sluice_ticket_keys *before = SSL_CTX_get_ex_data(context, slot);
    atomic_fetch_add_explicit(&keys->holders, 1, memory_order_relaxed);
    if (SSL_CTX_set_ex_data(context, slot, keys) != 1) {
        sluice_ticket_keys_release(keys);
        ERR_clear_error();
        return -1;
    }
    if (before) sluice_ticket_keys_release(before);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, prepare);
    return 0;
}

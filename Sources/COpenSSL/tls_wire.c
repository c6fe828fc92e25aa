#include "tls_wire.h"

int sluice_tls_set_base(SSL_CTX *context, int lowest_version) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // One read for all that has come, where OpenSSL would read the five bytes of a record's header and then the rest.
    SSL_CTX_set_read_ahead(context, 1);
    return SSL_CTX_set_min_proto_version(context, lowest_version) == 1;
}

int sluice_tls_set_groups(SSL_CTX *context, const char *list) { return SSL_CTX_set1_groups_list(context, list) == 1; }

int sluice_tls_set_signature_algorithms(SSL_CTX *context, const char *list) { return SSL_CTX_set1_sigalgs_list(context, list) == 1; }

void sluice_tls_set_session_cache(SSL_CTX *context, int for_client) {
    SSL_CTX_set_session_cache_mode(context, for_client ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
}

int sluice_tls_set_server_name(SSL *connection, const char *name) { return SSL_set_tlsext_host_name(connection, name) == 1; }

int sluice_tls_ex_index(void) { return SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL); }

int sluice_tls_hello_name(SSL *connection, const unsigned char **name) {
    const unsigned char *bytes;
    size_t count;
    if (SSL_client_hello_get0_ext(connection, TLSEXT_TYPE_server_name, &bytes, &count) != 1) return -1;
    // RFC 6066 §3: a list (two bytes of length) with one entry: type 0, two bytes of length, the name.
    if (count < 5) return -1;
    size_t list = (size_t)bytes[0] << 8 | bytes[1];
    size_t length = (size_t)bytes[3] << 8 | bytes[4];
    if (list != count - 2 || bytes[2] != TLSEXT_NAMETYPE_host_name || length != list - 3 || length > TLSEXT_MAXLEN_host_name) return -1;
    *name = bytes + 5;
    return (int)length;
}

static long control(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    // What is written is with the wire at once; whoever called OpenSSL sends it afterwards.
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static int create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *sluice_tls_wire_method(int (*read)(BIO *, char *, int), int (*write)(BIO *, const char *, int)) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (method == NULL) return NULL;
    BIO_meth_set_read(method, read);
    BIO_meth_set_write(method, write);
    BIO_meth_set_ctrl(method, control);
    BIO_meth_set_create(method, create);
    return method;
}

void sluice_tls_retry_read(BIO *bio) {
    BIO_clear_retry_flags(bio);
    BIO_set_retry_read(bio);
}

void sluice_tls_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

int sluice_tls_attach(SSL *connection, BIO_METHOD *method, void *state) {
    BIO *bio = BIO_new(method);
    if (bio == NULL) return 0;
    BIO_set_data(bio, state);
    SSL_set_bio(connection, bio, bio);
    return 1;
}

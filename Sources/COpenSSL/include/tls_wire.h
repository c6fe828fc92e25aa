// What Swift cannot import of OpenSSL 3: macros. Each function is one macro, or a few that belong together.
#ifndef SLUICE_TLS_WIRE_H
#define SLUICE_TLS_WIRE_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// Lowest version, modes, and options that no policy changes: no renegotiation, no compression, buffers only while they are used.
int sluice_tls_set_base(SSL_CTX *context, int lowest_version);
int sluice_tls_set_groups(SSL_CTX *context, const char *list);
int sluice_tls_set_signature_algorithms(SSL_CTX *context, const char *list);
void sluice_tls_set_session_cache(SSL_CTX *context, int for_client);
int sluice_tls_set_server_name(SSL *connection, const char *name);
/// Where the session of a new connection to an app may be found: an index for SSL_set_ex_data, made once.
int sluice_tls_ex_index(void);
/// The server name of a ClientHello as sent: its length, or -1 if there is none or it is malformed. Only in the ClientHello callback.
int sluice_tls_hello_name(SSL *connection, const unsigned char **name);

/// A kind of BIO with these two callbacks, which moves no bytes by itself.
BIO_METHOD *sluice_tls_wire_method(int (*read)(BIO *, char *, int), int (*write)(BIO *, const char *, int));
/// Tells OpenSSL that the call is to be made again later.
void sluice_tls_retry_read(BIO *bio);
void sluice_tls_clear_retry(BIO *bio);
/// Hands both directions of a connection to one BIO that carries `state`.
int sluice_tls_attach(SSL *connection, BIO_METHOD *method, void *state);

#endif

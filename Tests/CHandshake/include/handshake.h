#ifndef SLUICE_HANDSHAKE_H
#define SLUICE_HANDSHAKE_H

#include <openssl/types.h>
#include <stdint.h>

struct ssl_session_st;

/* Whole TLS handshakes between two ends in memory, for tests. */

SSL_CTX *_Nullable handshake_server_make(void);
/* Trusts the certificates of a file. */
SSL_CTX *_Nullable handshake_client_make(const char *_Nonnull authorities);
void handshake_context_free(SSL_CTX *_Nonnull context);

typedef struct {
    /* Both ends finished, the client verified the server, and a byte passed. */
    int is_done;
    int is_resumed;
    /* The server's key: EVP_PKEY_RSA, …; 0 if resumed without one. */
    int is_rsa;
    /* What the ticket that the client got begins with; zeros without one. */
    uint8_t ticket_name[16];
} handshake_result;

/* `name` is asked for (SNI) and verified; an address is only verified. `version` is 12 or 13. A session is offered if there is one, and replaced by the
   new one. */
void handshake_run(
    SSL_CTX *_Nonnull server, SSL_CTX *_Nonnull client, const char *_Nonnull name, int version, struct ssl_session_st *_Nullable *_Nonnull session,
    handshake_result *_Nonnull result);
void handshake_session_free(struct ssl_session_st *_Nonnull session);

/* What a peer may do that our own connections never do. */

/* Speaks this version alone: 10 to 13. */
void handshake_speak(SSL *_Nonnull end, int version);
/* Changes its keys (RFC 8446 §4.6.3), and asks the other end for the same if `asks`. What it says goes with the next write. */
int handshake_change_keys(SSL *_Nonnull end, int asks);
/* Asks for a new handshake in TLS 1.2 (RFC 5246 §7.4.1.1). */
int handshake_renegotiate(SSL *_Nonnull end);
/* Has the server cut what it sends into records of 512 bytes (RFC 6066 §4). */
int handshake_ask_small_records(SSL *_Nonnull end);
/* Begins with a key share that the server does not take, which therefore asks for a second ClientHello (RFC 8446 §4.1.4). */
int handshake_ask_twice(SSL *_Nonnull end);
/* Asks for this server name from its next ClientHello on. */
int handshake_rename(SSL *_Nonnull end, const char *_Nonnull name);

#endif

#include "handshake.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

SSL_CTX *handshake_server_make(void) {
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    if (server) SSL_CTX_set_session_id_context(server, (const unsigned char *)"tests", 5);
    return server;
}

SSL_CTX *handshake_client_make(const char *authorities) {
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    if (!client) return NULL;
    if (SSL_CTX_load_verify_file(client, authorities) != 1) {
        SSL_CTX_free(client);
        return NULL;
    }
    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
    return client;
}

void handshake_context_free(SSL_CTX *context) { SSL_CTX_free(context); }
void handshake_session_free(SSL_SESSION *session) { SSL_SESSION_free(session); }

static void finish(SSL *here, SSL *there, SSL_SESSION **session, handshake_result *result) {
    char byte;
    /* The client sees tickets of TLS 1.3 when it reads. */
    if (SSL_write(there, "x", 1) != 1 || SSL_read(here, &byte, 1) != 1) return;
    result->is_done = 1;
    result->is_resumed = SSL_session_reused(here);
    X509 *peer = SSL_get0_peer_certificate(here);
    if (peer) result->is_rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(peer)) == EVP_PKEY_RSA;
    SSL_SESSION *fresh = SSL_get1_session(here);
    const unsigned char *ticket = NULL;
    size_t length = 0;
    if (fresh) SSL_SESSION_get0_ticket(fresh, &ticket, &length);
    if (ticket && length >= 16) memcpy(result->ticket_name, ticket, 16);
    if (*session) SSL_SESSION_free(*session);
    *session = fresh;
    SSL_shutdown(here);
    SSL_shutdown(there);
}

void handshake_run(SSL_CTX *server, SSL_CTX *client, const char *name, int version, SSL_SESSION **session, handshake_result *result) {
    memset(result, 0, sizeof *result);
    SSL *here = SSL_new(client), *there = SSL_new(server);
    BIO *one = NULL, *other = NULL;
    if (here && there && BIO_new_bio_pair(&one, 0, &other, 0) == 1) {
        SSL_set_bio(here, one, one);
        SSL_set_bio(there, other, other);
        SSL_set_connect_state(here);
        SSL_set_accept_state(there);
        int number = version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
        SSL_set_min_proto_version(here, number);
        SSL_set_max_proto_version(here, number);
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
        if (address) {
            ASN1_OCTET_STRING_free(address);
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(here), name);
        } else {
            SSL_set_tlsext_host_name(here, name);
            SSL_set1_host(here, name);
        }
        if (*session) SSL_set_session(here, *session);
        for (int round = 0; round < 20 && !(SSL_is_init_finished(here) && SSL_is_init_finished(there)); round++) {
            SSL_do_handshake(here);
            SSL_do_handshake(there);
        }
        if (SSL_is_init_finished(here) && SSL_is_init_finished(there)) finish(here, there, session, result);
    }
    SSL_free(here);
    SSL_free(there);
    ERR_clear_error();
}

void handshake_speak(SSL *end, int version) {
    static const int numbers[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    int number = numbers[version - 10];
    SSL_set_min_proto_version(end, number);
    SSL_set_max_proto_version(end, number);
    if (version < 12) {
        SSL_set_security_level(end, 0);
        SSL_set_cipher_list(end, "ALL");
    }
}

int handshake_change_keys(SSL *end, int asks) {
    return SSL_key_update(end, asks ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(end) == 1;
}

int handshake_renegotiate(SSL *end) {
    SSL_clear_options(end, SSL_OP_NO_RENEGOTIATION);
    int began = SSL_renegotiate(end);
    SSL_do_handshake(end);
    ERR_clear_error();
    return began;
}

int handshake_ask_small_records(SSL *end) { return SSL_set_tlsext_max_fragment_length(end, TLSEXT_max_fragment_length_512); }

int handshake_ask_twice(SSL *end) { return SSL_set1_groups_list(end, "P-521:X25519"); }

int handshake_rename(SSL *end, const char *name) { return SSL_set_tlsext_host_name(end, name); }

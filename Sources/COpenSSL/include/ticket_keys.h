#ifndef SLUICE_TICKET_KEYS_H
#define SLUICE_TICKET_KEYS_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

/* Keys of session tickets (RFC 5077 §4, RFC 8446 §4.6.1), for all contexts of all loops. The first key seals, all open. What a handshake sees is
   an immutable list that it holds for as long as it takes; a change publishes another. Secrets are overwritten when nobody holds them. */
typedef struct sluice_ticket_keys sluice_ticket_keys;

enum { SLUICE_TICKET_KEY_SIZE = 80, SLUICE_TICKET_NAME_SIZE = 16, SLUICE_TICKET_KEYS_MOST = 16 };

/* Without a key: no tickets. NULL without memory. Threads may share it. */
sluice_ticket_keys *_Nullable sluice_ticket_keys_make(void);
void sluice_ticket_keys_release(sluice_ticket_keys *_Nonnull keys);

/* Puts a new random key in front and leaves `old` of those before. 0, or -1 without memory or random numbers: then nothing changes. */
int sluice_ticket_keys_rotate(sluice_ticket_keys *_Nonnull keys, int old);
/* Takes keys of 80 bytes each (16 name, 32 for HMAC-SHA256, 32 for AES-256-CBC), at most 16. 1 if they are others than before, 0 if not, -1 without memory. */
int sluice_ticket_keys_replace(sluice_ticket_keys *_Nonnull keys, const uint8_t *_Nonnull bytes, int count);
/* How many there are, and the names of as many as there is room for, 16 bytes each. Names are no secrets: tickets begin with them. */
int sluice_ticket_keys_names(sluice_ticket_keys *_Nonnull keys, uint8_t *_Nullable names, int room);

/* Makes a context seal and open its tickets with them; the context holds them until it is freed. Each context that a server name may switch
   to needs it. 0, or -1 without memory. */
int sluice_ticket_keys_attach(sluice_ticket_keys *_Nonnull keys, SSL_CTX *_Nonnull context);

#endif

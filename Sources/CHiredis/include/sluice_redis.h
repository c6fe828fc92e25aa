#ifndef SLUICE_REDIS_H
#define SLUICE_REDIS_H

#include <stddef.h>

/* A connection to Redis on hiredis that never blocks: its owner watches the descriptor (edge-triggered) and calls read and write. */
typedef struct sluice_redis sluice_redis;

/* Begins to connect to a numeric address, or to a unix socket. NULL with an error that shows at once. */
sluice_redis *sluice_redis_connect(const char *address, int port);
sluice_redis *sluice_redis_connect_unix(const char *path);
void sluice_redis_free(sluice_redis *redis);
int sluice_redis_descriptor(const sluice_redis *redis);

/* Queues a command. 0, or -1 without memory. */
int sluice_redis_append(sluice_redis *redis, int count, const char *const *words, const size_t *lengths);
/* Sends what is queued. 0, or -1 if the connection is broken. Without SIGPIPE. */
int sluice_redis_write(sluice_redis *redis);
/* Receives some of what is there. 1 if there may be more, once the replies are taken; 0 if not; -1 if the connection is broken or ended, or
   the store sends what cannot be the reply of a script: its size is bounded, so a reply takes no more memory than a page or a few. */
int sluice_redis_read(sluice_redis *redis);

enum { SLUICE_REDIS_NONE, SLUICE_REDIS_ERROR, SLUICE_REDIS_TEXT, SLUICE_REDIS_NUMBERS, SLUICE_REDIS_BROKEN };

/* The next reply, of those received: its kind. Of an array of integers the first three are put into `numbers`; of a text or an error the
   beginning, with a NUL, into `text`. */
int sluice_redis_next(sluice_redis *redis, long long numbers[3], char *text, size_t room);

/* Looks a host name up, which may block: writes its first address as text. 0, or -1. */
int sluice_redis_resolve(const char *host, char *address, size_t room);

#endif

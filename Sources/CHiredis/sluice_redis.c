#define _GNU_SOURCE
#include "sluice_redis.h"
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes of a reply, and elements of an array in it, that are taken for one: the longest that is asked for is the digest of a script. */
enum { MOST_BYTES = 64 * 1024, MOST_ELEMENTS = 64 };

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct sluice_redis {
    redisContext *context;
    /* Bytes received since the last whole reply. */
    size_t unfinished;
    /* hiredis' own but for arrays, for which it would allocate whatever a peer announces. */
    redisReplyObjectFunctions functions;
    void *(*create_array)(const redisReadTask *, element_count);
    /* Queued bytes that are not sent: from `sent` to `count`. */
    char *out;
    size_t sent, count, room;
};

static void *create_array(const redisReadTask *task, element_count count) {
    sluice_redis *redis = task->privdata;
    return count > MOST_ELEMENTS ? NULL : redis->create_array(task, count);
}

static sluice_redis *wrap(redisContext *context) {
    if (!context) return NULL;
    sluice_redis *redis = context->err ? NULL : calloc(1, sizeof *redis);
    if (!redis) {
        redisFree(context);
        return NULL;
    }
    redis->context = context;
    redis->functions = *context->reader->fn;
    redis->create_array = redis->functions.createArray;
    redis->functions.createArray = create_array;
    context->reader->fn = &redis->functions;
    context->reader->privdata = redis;
    return redis;
}

sluice_redis *sluice_redis_connect(const char *address, int port) { return wrap(redisConnectNonBlock(address, port)); }
sluice_redis *sluice_redis_connect_unix(const char *path) { return wrap(redisConnectUnixNonBlock(path)); }

void sluice_redis_free(sluice_redis *redis) {
    redisFree(redis->context);
    free(redis->out);
    free(redis);
}

int sluice_redis_descriptor(const sluice_redis *redis) { return redis->context->fd; }

int sluice_redis_append(sluice_redis *redis, int count, const char *const *words, const size_t *lengths) {
    char *command = NULL;
    int length = redisFormatCommandArgv(&command, count, (const char **)words, lengths);
    if (length < 0) return -1;
    if (redis->count + (size_t)length > redis->room) {
        size_t room = (redis->count + (size_t)length) * 2;
        char *out = realloc(redis->out, room);
        if (!out) {
            redisFreeCommand(command);
            return -1;
        }
        redis->out = out;
        redis->room = room;
    }
    memcpy(redis->out + redis->count, command, (size_t)length);
    redis->count += (size_t)length;
    redisFreeCommand(command);
    return 0;
}

int sluice_redis_write(sluice_redis *redis) {
    while (redis->sent < redis->count) {
        /* hiredis itself would use write(), which raises SIGPIPE. */
        ssize_t sent = send(redis->context->fd, redis->out + redis->sent, redis->count - redis->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOTCONN || errno == EINPROGRESS)) break;
        if (sent < 0) return -1;
        redis->sent += (size_t)sent;
    }
    if (redis->sent == redis->count) redis->sent = redis->count = 0;
    return 0;
}

int sluice_redis_read(sluice_redis *redis) {
    char bytes[16384];
    ssize_t count;
    if (redis->unfinished > MOST_BYTES) return -1;
    do count = recv(redis->context->fd, bytes, sizeof bytes, 0);
    while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOTCONN || errno == EINPROGRESS)) return 0;
    if (count <= 0 || redisReaderFeed(redis->context->reader, bytes, (size_t)count) != REDIS_OK) return -1;
    redis->unfinished += (size_t)count;
    return 1;
}

int sluice_redis_next(sluice_redis *redis, long long numbers[3], char *text, size_t room) {
    redisReply *reply = NULL;
    if (redisReaderGetReply(redis->context->reader, (void **)&reply) != REDIS_OK) return SLUICE_REDIS_BROKEN;
    if (!reply) return SLUICE_REDIS_NONE;
    redis->unfinished = 0;
    int kind = reply->type == REDIS_REPLY_ERROR ? SLUICE_REDIS_ERROR : SLUICE_REDIS_TEXT;
    size_t length = 0;
    if (reply->str && room > 0) {
        length = reply->len < room - 1 ? reply->len : room - 1;
        memcpy(text, reply->str, length);
    }
    if (room > 0) text[length] = 0;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3) {
        kind = SLUICE_REDIS_NUMBERS;
        for (int index = 0; index < 3; index++) {
            if (reply->element[index]->type != REDIS_REPLY_INTEGER) kind = SLUICE_REDIS_TEXT;
            numbers[index] = reply->element[index]->integer;
        }
    }
    freeReplyObject(reply);
    return kind;
}

int sluice_redis_resolve(const char *host, char *address, size_t room) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0 || !found) return -1;
    int failed = getnameinfo(found->ai_addr, found->ai_addrlen, address, (socklen_t)room, NULL, 0, NI_NUMERICHOST);
    freeaddrinfo(found);
    return failed ? -1 : 0;
}

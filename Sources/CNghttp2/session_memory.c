#include "session_memory.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* In front of each block. Its size keeps what follows aligned as malloc's blocks are. */
union block {
    struct {
        /// Of a block that waits to be used again.
        union block *next;
        /// Its size class; 0: it is larger than any.
        size_t class;
    };
    max_align_t alignment;
};

/* Bytes from one size class to the next, and how many classes there are: up to 1 KiB. */
enum { STEP = 32, CLASSES = 32 };

/* Bytes that a thread keeps at most: what some hundred requests of one turn need. */
enum { MOST_KEPT = 1024 * 1024 };

static _Thread_local struct {
    union block *free[CLASSES + 1];
    size_t kept;
} memory;

static void *take(size_t size, void *user) {
    (void)user;
    size_t class = size <= STEP * CLASSES ? (size + STEP - 1) / STEP : 0;
    union block *block = memory.free[class];
    if (block) {
        memory.free[class] = block->next;
        memory.kept -= class * STEP;
        return block + 1;
    }
    if (size > SIZE_MAX - sizeof *block) return NULL;
    block = malloc(sizeof *block + (class ? class * STEP : size));
    if (!block) return NULL;
    block->class = class;
    return block + 1;
}

static void give(void *bytes, void *user) {
    (void)user;
    if (!bytes) return;
    union block *block = (union block *)bytes - 1;
    size_t class = block->class;
    if (class == 0 || memory.kept > MOST_KEPT) return free(block);
    memory.kept += class * STEP;
    block->next = memory.free[class];
    memory.free[class] = block;
}

static void *take_zeroed(size_t count, size_t size, void *user) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *taken = take(bytes, user);
    return taken ? memset(taken, 0, bytes) : NULL;
}

static void *resize(void *bytes, size_t size, void *user) {
    if (!bytes) return take(size, user);
    union block *block = (union block *)bytes - 1;
    size_t class = block->class;
    if (class == 0) {
        if (size > SIZE_MAX - sizeof *block) return NULL;
        // It stays without a class, however small it gets.
        block = realloc(block, sizeof *block + size);
        return block ? block + 1 : NULL;
    }
    if (size <= class * STEP) return bytes;
    void *taken = take(size, user);
    if (!taken) return NULL;
    memcpy(taken, bytes, class * STEP);
    give(bytes, user);
    return taken;
}

nghttp2_mem *sluice_h2_memory(void) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    // It finds a use of freed memory only where memory is freed.
    return NULL;
#endif
#endif
    static nghttp2_mem functions = {.malloc = take, .free = give, .calloc = take_zeroed, .realloc = resize};
    return &functions;
}

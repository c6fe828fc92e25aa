#define _GNU_SOURCE
#include "allocations.h"
#include <errno.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CANNOT_COUNT 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CANNOT_COUNT 1
#endif
#endif

#ifdef CANNOT_COUNT

void allocations_start(void) {}
long allocations_stop(void) { return -1; }

#else

/* The program's own malloc comes before the C library's; glibc keeps the real ones under these names. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Thread_local long count;
static _Thread_local int counting;

void allocations_start(void) { count = 0; counting = 1; }
long allocations_stop(void) { counting = 0; return count; }

void *malloc(size_t size) { count += counting; return __libc_malloc(size); }
void *calloc(size_t number, size_t size) { count += counting; return __libc_calloc(number, size); }
void *realloc(void *block, size_t size) { count += counting; return __libc_realloc(block, size); }
void *memalign(size_t alignment, size_t size) { count += counting; return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { count += counting; return __libc_memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    count += counting;
    void *made = __libc_memalign(alignment, size);
    if (!made) return ENOMEM;
    *block = made;
    return 0;
}

#endif

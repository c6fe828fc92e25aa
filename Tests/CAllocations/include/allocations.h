#ifndef SLUICE_ALLOCATIONS_H
#define SLUICE_ALLOCATIONS_H

/* Counts the heap allocations of the calling thread, for tests that say "this allocates nothing". */
void allocations_start(void);
/* Ends the count and returns it; -1 where it cannot be had (under a sanitizer, which has an allocator of its own). */
long allocations_stop(void);

#endif

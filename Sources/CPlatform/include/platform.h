// C shims: macros, unions and variadic calls that Swift cannot import. Each function does one system call, or none.
// No system header that Swift's own C library module defines differently is included here.
#ifndef SLUICE_PLATFORM_H
#define SLUICE_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

/// One event of epoll, laid out as the kernel's struct epoll_event.
struct sluice_event {
    uint32_t events;
    uint64_t key;
} __attribute__((packed));

static const uint32_t sluice_epoll_readable = 0x2019;   // EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR
static const uint32_t sluice_epoll_writable = 0x001C;   // EPOLLOUT | EPOLLHUP | EPOLLERR
static const uint32_t sluice_epoll_peer_ended = 0x2018; // EPOLLRDHUP | EPOLLHUP | EPOLLERR
static const uint32_t sluice_epoll_broken = 0x0018;     // EPOLLHUP | EPOLLERR

int sluice_epoll_create(void);
int sluice_eventfd(void);
int sluice_epoll_add(int epoll, int fd, uint64_t key);
/// Edge-triggered, readable only, and the step from there to both directions.
int sluice_epoll_add_reading(int epoll, int fd, uint64_t key);
int sluice_epoll_watch_both(int epoll, int fd, uint64_t key);
/// Level-triggered, readable only: listeners and the wake-up descriptor.
int sluice_epoll_add_level(int epoll, int fd, uint64_t key);
/// The same where several loops watch one descriptor: not all that wait are woken.
int sluice_epoll_add_shared(int epoll, int fd, uint64_t key);
int sluice_epoll_delete(int epoll, int fd);
int sluice_epoll_wait(int epoll, struct sluice_event *events, int capacity, int milliseconds);
int sluice_accept(int fd, void *address, uint32_t *length);
int sluice_stream_socket(int family);
int sluice_set_option(int fd, int level, int name, int value);
int sluice_socket_error(int fd);
/// SO_LINGER with time 0: close sends a reset.
int sluice_reset_on_close(int fd);
int sluice_close(int fd);
ptrdiff_t sluice_receive(int fd, void *bytes, size_t count);
/// 1 if at least a byte waits, 0 if the peer ended, -1 with errno otherwise (EAGAIN: alive and silent).
ptrdiff_t sluice_peek(int fd);
/// The same for as many bytes as wait and there is room for, which stay in the kernel: how many, 0 if the peer ended, -1 with errno.
ptrdiff_t sluice_peek_at(int fd, void *bytes, size_t count);
ptrdiff_t sluice_send(int fd, const void *bytes, size_t count, int more);
ptrdiff_t sluice_send3(int fd, const void *a, size_t a_count, const void *b, size_t b_count, const void *c, size_t c_count, int more);
int sluice_pipe(int ends[2], int capacity);
ptrdiff_t sluice_splice(int from, int to, size_t count, int more);
void sluice_name_thread(const char *name);
/// Adds to the nice value of the calling thread alone. -1 with errno if it may not.
int sluice_lower_priority(int by);
/// Cores that this process may run on.
int sluice_cpu_count(void);
/// Where the program or library is in memory in which a symbol of this process is found; null if there is none.
const void *sluice_image_with_symbol(const char *symbol);

#endif

#define _GNU_SOURCE
#include "platform.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// The calls of the request path go to the kernel directly. In a process with threads the C library's own are points where a thread can be
// cancelled, which costs two atomic operations each; no thread is ever cancelled here.

// MARK: epoll. All sources are edge-triggered; `key` comes back with the event.

int sluice_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int sluice_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int sluice_epoll_add(int epoll, int fd, uint64_t key) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = key}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int sluice_epoll_add_reading(int epoll, int fd, uint64_t key) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = {.u64 = key}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int sluice_epoll_watch_both(int epoll, int fd, uint64_t key) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = key}};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

/// Level-triggered, readable only: listeners and the wake-up descriptor.
int sluice_epoll_add_level(int epoll, int fd, uint64_t key) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = key}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// The same where several loops watch one descriptor: not all that wait are woken.
int sluice_epoll_add_shared(int epoll, int fd, uint64_t key) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data = {.u64 = key}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int sluice_epoll_delete(int epoll, int fd) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event);
}

// The kernel's struct epoll_event, under a name that Swift can import whatever else it imports.
_Static_assert(sizeof(struct sluice_event) == sizeof(struct epoll_event), "the layout of epoll_event");

int sluice_epoll_wait(int epoll, struct sluice_event *events, int capacity, int milliseconds) {
    return (int)syscall(SYS_epoll_pwait, epoll, events, capacity, milliseconds, NULL, 0);
}

_Static_assert((EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) == 0x2019, "epoll's bits in the header");
_Static_assert((EPOLLOUT | EPOLLHUP | EPOLLERR) == 0x001C, "epoll's bits in the header");

// MARK: sockets

int sluice_accept(int fd, void *address, uint32_t *length) {
    return (int)syscall(SYS_accept4, fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int sluice_stream_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int sluice_set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value);
}

int sluice_socket_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

/// SO_LINGER with time 0: close sends a reset.
int sluice_reset_on_close(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

int sluice_close(int fd) { return (int)syscall(SYS_close, fd); }

ssize_t sluice_receive(int fd, void *bytes, size_t count) { return syscall(SYS_recvfrom, fd, bytes, count, 0, NULL, NULL); }

/// 1 if at least a byte waits, 0 if the peer ended, -1 with errno otherwise (EAGAIN: alive and silent).
ssize_t sluice_peek(int fd) {
    char byte;
    return syscall(SYS_recvfrom, fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
}

ssize_t sluice_peek_at(int fd, void *bytes, size_t count) {
    return syscall(SYS_recvfrom, fd, bytes, count, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
}

ssize_t sluice_send(int fd, const void *bytes, size_t count, int more) {
    return syscall(SYS_sendto, fd, bytes, count, MSG_NOSIGNAL | (more ? MSG_MORE : 0), NULL, 0);
}

ssize_t sluice_send3(int fd, const void *a, size_t a_count, const void *b, size_t b_count, const void *c,
                                   size_t c_count, int more) {
    struct iovec parts[3];
    struct msghdr message = {.msg_iov = parts};
    if (a_count) parts[message.msg_iovlen++] = (struct iovec){.iov_base = (void *)a, .iov_len = a_count};
    if (b_count) parts[message.msg_iovlen++] = (struct iovec){.iov_base = (void *)b, .iov_len = b_count};
    if (c_count) parts[message.msg_iovlen++] = (struct iovec){.iov_base = (void *)c, .iov_len = c_count};
    return syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

// MARK: splice

int sluice_pipe(int ends[2], int capacity) {
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return -1;
    (void)fcntl(ends[1], F_SETPIPE_SZ, capacity);  // a smaller pipe is slower, not wrong
    return 0;
}

ssize_t sluice_splice(int from, int to, size_t count, int more) {
    return splice(from, NULL, to, NULL, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0));
}

// MARK: threads

void sluice_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

// To Linux a thread is a process of its own here: 0 is the calling one.
int sluice_lower_priority(int by) { return setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + by); }

int sluice_cpu_count(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

const void *sluice_image_with_symbol(const char *symbol) {
    Dl_info place;
    const void *address = dlsym(RTLD_DEFAULT, symbol);
    return address && dladdr(address, &place) ? place.dli_fbase : 0;
}

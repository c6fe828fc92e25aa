#ifndef SLUICE_SESSION_MEMORY_H
#define SLUICE_SESSION_MEMORY_H

#include <nghttp2/nghttp2.h>

/// Where nghttp2 gets the memory of its sessions: small blocks that each thread keeps for its next use. A turn of a loop takes some hundred of
/// a few sizes and gives them back together, which is more than malloc's own fast lists hold (7 of a size).
///
/// A block may be given back on another thread than the one that took it, which keeps it then. What a thread keeps (1 MiB at most) is not freed
/// at its end: sessions belong to loops, whose threads live as long as the process.
nghttp2_mem *sluice_h2_memory(void);

#endif

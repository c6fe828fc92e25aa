// nghttp2's HPACK decoder, for tests that read frames themselves.
#include <nghttp2/nghttp2.h>

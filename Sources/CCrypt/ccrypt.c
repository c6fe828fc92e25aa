#define _GNU_SOURCE
#include "ccrypt.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

int ccrypt_knows(const char *hash) {
    // A system may call a method old that is good enough, and a cost low that the operator chose: Sluice has its own rules for both.
    int answer = crypt_checksalt(hash);
    return answer != CRYPT_SALT_INVALID && answer != CRYPT_SALT_METHOD_DISABLED;
}

int ccrypt_matches(const char *password, const char *hash) {
    // 32 KiB: too much for the stack of a small thread.
    struct crypt_data *data = calloc(1, sizeof *data);
    if (!data) return -1;
    const char *computed = crypt_r(password, hash, data);
    int result = -1;
    // A failure token begins with `*`, and no hash does.
    if (computed && computed[0] != '*') {
        size_t count = strlen(hash);
        unsigned char difference = strlen(computed) != count;
        for (size_t index = 0; index < count && computed[index]; index++) difference |= (unsigned char)(computed[index] ^ hash[index]);
        result = difference == 0;
    }
    explicit_bzero(data, sizeof *data);
    free(data);
    return result;
}

void ccrypt_wipe(void *bytes, size_t count) { explicit_bzero(bytes, count); }

// Password hashes as the system's libcrypt knows them.
#ifndef SLUICE_CCRYPT_H
#define SLUICE_CCRYPT_H

#include <stddef.h>

/// Whether libcrypt can compute hashes with the method and the parameters of this one.
int ccrypt_knows(const char *hash);

/// 1 if the password has this hash, 0 if not, -1 if it could not be computed. Compares in constant time and wipes what it needed. Takes as
/// long as the method is meant to take. Any thread may call it.
int ccrypt_matches(const char *password, const char *hash);

/// Overwrites bytes, whether or not somebody reads them later.
void ccrypt_wipe(void *bytes, size_t count);

#endif

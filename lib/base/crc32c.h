// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4). Start with crc = 0; results chain. */
uint32_t crc32c(uint32_t crc, const void *p, size_t len);

/* The same without special instructions of the CPU: the fallback, and for tests to compare. */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t len);

#endif

// CRC-32C (Castagnoli), the checksum of checkpoints, packages and TensorBoard event files: reflected polynomial
// 0x82f63b78, initial value and final exclusive-or 0xffffffff (RFC 3720, B.4). It detects every change of up to 32
// consecutive bits and, in files of any length, every single flipped bit.
#ifndef ESPALIER_CORE_FILES_CRC32C_H_
#define ESPALIER_CORE_FILES_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace espalier {

// The checksum of A followed by `bytes`, where `crc` is that of A (0 if A is empty).
uint32_t Crc32c(absl::string_view bytes, uint32_t crc = 0);

// The plain twin: one table look-up per byte.
uint32_t Crc32cPlain(absl::string_view bytes, uint32_t crc = 0);

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_CRC32C_H_

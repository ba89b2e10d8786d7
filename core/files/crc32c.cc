#include "core/files/crc32c.h"

#include <nmmintrin.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace espalier {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // bit 31 is the coefficient of x^0

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = MakeTable();

// a * b modulo the polynomial.
constexpr uint32_t MultiplyModulo(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (int bit = 31; bit >= 0; --bit) {
    if ((a >> bit & 1) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kPolynomial : 0);  // times x
  }
  return product;
}

// x^(8 * bytes): what appending that many zero bytes multiplies a remainder by.
constexpr uint32_t PowerOfBytes(size_t bytes) {
  uint32_t result = 1u << 31;  // x^0
  uint32_t square = 1u << 23;  // x^8
  for (; bytes > 0; bytes >>= 1) {
    if ((bytes & 1) != 0) result = MultiplyModulo(result, square);
    square = MultiplyModulo(square, square);
  }
  return result;
}

uint64_t Load(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The instruction takes three cycles but one can start in each, so three lanes run side by side and are joined by
// shifting the first two past what follows them.
constexpr size_t kLaneBytes = 8192;
constexpr uint32_t kPastOneLane = PowerOfBytes(kLaneBytes);

uint32_t ThreeLanes(const char* bytes, uint32_t crc) {
  uint64_t first = crc, second = 0, third = 0;
  for (size_t i = 0; i < kLaneBytes; i += 8) {
    first = _mm_crc32_u64(first, Load(bytes + i));
    second = _mm_crc32_u64(second, Load(bytes + kLaneBytes + i));
    third = _mm_crc32_u64(third, Load(bytes + 2 * kLaneBytes + i));
  }
  const uint32_t joined = MultiplyModulo(static_cast<uint32_t>(first), kPastOneLane) ^ static_cast<uint32_t>(second);
  return MultiplyModulo(joined, kPastOneLane) ^ static_cast<uint32_t>(third);
}

}  // namespace

uint32_t Crc32c(absl::string_view bytes, uint32_t crc) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  crc = ~crc;
  for (; left >= 3 * kLaneBytes; left -= 3 * kLaneBytes, at += 3 * kLaneBytes) crc = ThreeLanes(at, crc);
  for (; left >= 8; left -= 8, at += 8) crc = static_cast<uint32_t>(_mm_crc32_u64(crc, Load(at)));
  for (; left > 0; --left, ++at) crc = _mm_crc32_u8(crc, static_cast<uint8_t>(*at));
  return ~crc;
}

uint32_t Crc32cPlain(absl::string_view bytes, uint32_t crc) {
  crc = ~crc;
  for (const char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  return ~crc;
}

}  // namespace espalier

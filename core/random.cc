#include "core/random.h"

#include <cmath>

namespace espalier {

std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * counter[0];
    const uint64_t product1 = uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

uint32_t Random::Below(uint32_t bound) {
  uint64_t product = uint64_t{NextBits()} * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = -bound % bound;
    while (static_cast<uint32_t>(product) < threshold) product = uint64_t{NextBits()} * bound;
  }
  return static_cast<uint32_t>(product >> 32);
}

float Random::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - static_cast<double>(Uniform())));
  const double angle = 6.283185307179586 * static_cast<double>(Uniform());
  spare_normal_ = static_cast<float>(radius * std::sin(angle));
  has_spare_ = true;
  return static_cast<float>(radius * std::cos(angle));
}

uint64_t PermutedIndex(uint64_t position, uint64_t size, uint64_t seed, absl::string_view purpose, uint32_t epoch) {
  int half_bits = 1;
  while ((uint64_t{1} << (2 * half_bits)) < size) ++half_bits;
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;
  const std::array<uint32_t, 2> key = {static_cast<uint32_t>(seed),
                                       static_cast<uint32_t>(seed >> 32) ^ PurposeId(purpose)};
  uint64_t index = position;
  do {
    uint64_t left = index >> half_bits, right = index & mask;
    for (uint32_t round = 0; round < 4; ++round) {
      const auto block = Philox({round, epoch, static_cast<uint32_t>(right), static_cast<uint32_t>(right >> 32)}, key);
      const uint64_t mixed = left ^ (block[0] & mask);
      left = right;
      right = mixed;
    }
    index = (left << half_bits) | right;
  } while (index >= size);
  return index;
}

}  // namespace espalier

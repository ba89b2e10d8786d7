// Counter-based randomness: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// A draw is a pure function of (seed, purpose, epoch, index, position): it never depends on ranks, threads or the order
// of execution.
#ifndef ESPALIER_CORE_RANDOM_H_
#define ESPALIER_CORE_RANDOM_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace espalier {

// The Philox4x32-10 block function: four 32-bit words for one counter under one key.
std::array<uint32_t, 4> Philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// A stable 32-bit hash of a purpose's name ("init", "shuffle", "augment", "dropout/fc6"): FNV-1a.
constexpr uint32_t PurposeId(absl::string_view purpose) {
  uint32_t hash = 2166136261u;
  for (char c : purpose) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return hash;
}

// A stream of draws for one (seed, purpose, epoch, index); `index` is a sample or parameter number. Cheap to construct:
// make one where it is needed, do not share one between threads.
class Random {
 public:
  Random(uint64_t seed, absl::string_view purpose, uint32_t epoch, uint64_t index)
      : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32) ^ PurposeId(purpose)},
        counter_{0, epoch, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)} {}

  uint32_t NextBits() {
    if (used_ == 4) {
      block_ = Philox(counter_, key_);
      ++counter_[0];
      used_ = 0;
    }
    return block_[used_++];
  }
  // Uniform in [0, 1), 24 bits.
  float Uniform() { return static_cast<float>(NextBits() >> 8) * 0x1p-24f; }
  float Uniform(float low, float high) { return low + (high - low) * Uniform(); }
  // Uniform in [0, bound), bound >= 1, without bias (Lemire's method).
  uint32_t Below(uint32_t bound);
  // Standard normal (Box-Muller).
  float Normal();

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_ = {};
  int used_ = 4;
  float spare_normal_ = 0;
  bool has_spare_ = false;
};

// Entry `position` of a pseudo-random permutation of [0, size), computed without storing it, keyed by
// (seed, purpose, epoch): a Feistel network over the enclosing power of four, walked until it lands inside.
uint64_t PermutedIndex(uint64_t position, uint64_t size, uint64_t seed, absl::string_view purpose, uint32_t epoch);

}  // namespace espalier

#endif  // ESPALIER_CORE_RANDOM_H_

#include "compression/mask.h"

#include <cstring>

#include "compression/mask_kernels.h"
#include "core/kernels/parallel.h"

namespace espalier {
namespace {

constexpr int64_t kWordBits = 64, kWordBytes = kWordBits / 8;

int64_t Words(int64_t elements) { return (elements + kWordBits - 1) / kWordBits; }

uint64_t WordAt(const uint8_t* bytes, int64_t word) {
  uint64_t value;
  std::memcpy(&value, bytes + word * kWordBytes, kWordBytes);
  return value;
}

}  // namespace

// The storage is whole words, as the kernel reads them; checkpoints hold the bytes that have bits alone.
Mask::Mask(int64_t elements)
    : elements_(elements),
      bits_(DType::kU8, {(elements + 7) / 8}, AllocateAligned(Words(elements) * kWordBytes)),
      bytes_(bits_.data<uint8_t>()) {
  std::memset(bytes_, 0xff, elements / 8);
  if (elements % 8 != 0) bytes_[elements / 8] = static_cast<uint8_t>((1u << (elements % 8)) - 1);
}

int64_t Mask::masked() const {
  int64_t kept = 0;
  for (int64_t word = 0; word < Words(elements_); ++word) kept += __builtin_popcountll(WordAt(bytes_, word));
  return elements_ - kept;
}

int64_t Mask::FindViolation(const float* weights) const {
  for (int64_t word = 0; word < Words(elements_); ++word) {
    const int64_t begin = word * kWordBits, count = std::min(kWordBits, elements_ - begin);
    uint32_t values[kWordBits];
    std::memcpy(values, weights + begin, count * sizeof(float));
    uint64_t set = 0;  // bit i: weight i is not +0
    for (int64_t i = 0; i < count; ++i) set |= uint64_t{values[i] != 0} << i;
    if (const uint64_t wrong = set & ~WordAt(bytes_, word); wrong != 0) return begin + __builtin_ctzll(wrong);
  }
  return -1;
}

void Mask::Fill(float* values, float value) const {
  ParallelRanges(elements_, kWordBits, 4 * kSerialElements, [&](int64_t begin, int64_t end) {
    FillMasked(bytes_ + begin / 8, end - begin, value, values + begin);
  });
}

}  // namespace espalier

#include "compression/magnitude.h"

#include <cstring>
#include <vector>

#include "core/kernels/parallel.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr int kLowBits = 15, kHighBits = 16;  // of a magnitude

// Ordered as the absolute values are.
uint32_t Magnitude(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits & 0x7fffffff;
}

// How many of the weights that are not masked have each value of bucket(magnitude), which is below `buckets`, or -1 for
// those that do not count.
template <typename Bucket>
std::vector<int64_t> Histogram(absl::Span<const MaskedWeights> parts, int buckets, const Bucket& bucket) {
  std::vector<int64_t> sums(buckets);
  for (const MaskedWeights& part : parts) {
    ParallelRanges(part.mask->elements(), 64, 16 * kSerialElements, [&](int64_t begin, int64_t end) {
      std::vector<int64_t> counts(buckets);
      for (int64_t i = begin; i < end; ++i) {
        const int index = part.mask->IsMasked(i) ? -1 : bucket(Magnitude(part.weights[i]));
        if (index >= 0) ++counts[index];
      }
#pragma omp critical(espalier_histogram)
      for (int i = 0; i < buckets; ++i) sums[i] += counts[i];
    });
  }
  return sums;
}

// The bucket that holds the element of that rank (from 0), which becomes its rank within the bucket.
int FindBucket(const std::vector<int64_t>& counts, int64_t* rank) {
  int bucket = 0;
  while (*rank >= counts[bucket]) *rank -= counts[bucket++];
  return bucket;
}

}  // namespace

// A radix selection: the upper bits of the largest magnitude to mask, then its lower ones.
void MaskSmallest(absl::Span<const MaskedWeights> parts, int64_t count) {
  int64_t elements = 0, more = count;
  for (const MaskedWeights& part : parts) {
    elements += part.mask->elements();
    more -= part.mask->masked();
  }
  CHECK_LE(count, elements);
  if (more <= 0) return;
  int64_t rank = more - 1;
  const auto high_of = [](uint32_t magnitude) { return static_cast<int>(magnitude >> kLowBits); };
  const int high = FindBucket(Histogram(parts, 1 << kHighBits, high_of), &rank);
  const auto low_of = [high](uint32_t magnitude) {
    return static_cast<int>(magnitude >> kLowBits) == high ? static_cast<int>(magnitude & ((1u << kLowBits) - 1)) : -1;
  };
  const int low = FindBucket(Histogram(parts, 1 << kLowBits, low_of), &rank);
  const uint32_t threshold = static_cast<uint32_t>(high) << kLowBits | static_cast<uint32_t>(low);
  int64_t equal = rank + 1;  // of the threshold's magnitude, to be masked
  for (const MaskedWeights& part : parts) {
    for (int64_t i = 0; i < part.mask->elements(); ++i) {
      const uint32_t magnitude = Magnitude(part.weights[i]);
      if (magnitude > threshold || part.mask->IsMasked(i)) continue;
      if (magnitude == threshold && --equal < 0) continue;
      part.mask->Add(i);
    }
  }
}

}  // namespace espalier

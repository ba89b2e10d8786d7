// How large the numbers of a tensor are, gathered in one pass: what units of integers are chosen from.
#ifndef ESPALIER_HW_MAGNITUDE_HISTOGRAM_H_
#define ESPALIER_HW_MAGNITUDE_HISTOGRAM_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace espalier {

// Bins of equal width over magnitudes. The width is a power of two and doubles, neighbours merging, when a number lies
// beyond the last bin; so the result does not depend on the order of the numbers.
class MagnitudeHistogram {
 public:
  static constexpr int kBins = 2048;

  MagnitudeHistogram() = default;
  // Of numbers of which only this is known; it has no counts.
  MagnitudeHistogram(float minimum, float max_magnitude)
      : minimum_(minimum), max_magnitude_(max_magnitude), empty_(false) {}

  // Numbers that are not finite are left out.
  void Add(absl::Span<const float> values);

  // Of all numbers so far; 0 without any.
  float minimum() const { return minimum_; }
  float max_magnitude() const { return max_magnitude_; }
  double bin_width() const { return width_; }
  // kBins counts, or none before the first number that is not zero. Zeros are not counted.
  const std::vector<int64_t>& counts() const { return counts_; }

 private:
  void WidenFor(float magnitude);

  float minimum_ = 0, max_magnitude_ = 0;
  bool empty_ = true;
  double width_ = 0;
  std::vector<int64_t> counts_;
};

}  // namespace espalier

#endif  // ESPALIER_HW_MAGNITUDE_HISTOGRAM_H_

#include "hw/magnitude_histogram.h"

#include <algorithm>
#include <cmath>

namespace espalier {

void MagnitudeHistogram::WidenFor(float magnitude) {
  if (counts_.empty()) {
    counts_.assign(kBins, 0);
    // magnitude < 2^exponent = kBins * width; the floor keeps 1 / width a float.
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    width_ = std::ldexp(1.0 / kBins, std::max(exponent, -100));
  }
  while (magnitude >= width_ * kBins) {
    for (int i = 0; i < kBins / 2; ++i) counts_[i] = counts_[2 * i] + counts_[2 * i + 1];
    std::fill(counts_.begin() + kBins / 2, counts_.end(), 0);
    width_ *= 2;
  }
}

void MagnitudeHistogram::Add(absl::Span<const float> values) {
  float least = 0, most = 0;
  bool any = false;
  for (float value : values) {
    if (!std::isfinite(value)) continue;
    least = any ? std::min(least, value) : value;
    most = std::max(most, std::fabs(value));
    any = true;
  }
  if (!any) return;
  minimum_ = empty_ ? least : std::min(minimum_, least);
  max_magnitude_ = std::max(max_magnitude_, most);
  empty_ = false;
  if (most == 0) return;
  WidenFor(most);
  const float per_width = static_cast<float>(1 / width_);
  for (float value : values) {
    const float magnitude = std::fabs(value);
    if (magnitude > 0 && magnitude <= most) ++counts_[static_cast<int>(magnitude * per_width)];
  }
}

}  // namespace espalier

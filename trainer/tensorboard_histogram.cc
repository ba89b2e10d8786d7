#include "trainer/tensorboard_histogram.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>

namespace espalier {

const std::vector<double>& HistogramLimits() {
  static const auto* const kLimits = [] {
    auto* const limits = new std::vector<double>;
    for (double limit = 1e-12; limit < 1e20; limit *= 1.1) limits->push_back(limit);
    limits->push_back(DBL_MAX);
    std::vector<double> below(limits->rbegin(), limits->rend());
    for (double& limit : below) limit = -limit;
    below.push_back(0);
    limits->insert(limits->begin(), below.begin(), below.end());
    return limits;
  }();
  return *kLimits;
}

tensorboard::HistogramProto MakeHistogram(absl::Span<const float> values) {
  const std::vector<double>& limits = HistogramLimits();
  std::vector<int64_t> counts(limits.size());
  int64_t count = 0;
  double sum = 0, sum_squares = 0;
  float minimum = INFINITY, maximum = -INFINITY;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    ++counts[std::upper_bound(limits.begin(), limits.end(), value) - limits.begin()];
    ++count;
    sum += value;
    sum_squares += double{value} * value;
    minimum = std::min(minimum, value);
    maximum = std::max(maximum, value);
  }
  tensorboard::HistogramProto histogram;
  histogram.set_min(count > 0 ? minimum : 0);
  histogram.set_max(count > 0 ? maximum : 0);
  histogram.set_num(count);
  histogram.set_sum(sum);
  histogram.set_sum_squares(sum_squares);
  for (size_t i = 0; i < limits.size(); ++i) {
    const bool run_goes_on = counts[i] == 0 && i + 1 < limits.size() && counts[i + 1] == 0;
    if (run_goes_on) continue;
    histogram.add_bucket_limit(limits[i]);
    histogram.add_bucket(counts[i]);
  }
  return histogram;
}

}  // namespace espalier

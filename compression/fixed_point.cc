#include "compression/fixed_point.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/parallel.h"

namespace espalier {
namespace {

// Units tried, from the one at which nothing saturates on down. At 8 bits, seven halvings saturate all but the smallest
// hundredth of the range.
constexpr int kHalvings = 7;
constexpr int64_t kBlock = 1 << 16;  // values whose errors are summed by themselves

// Adding and taking away 1.5 * 2^23 rounds a float of smaller magnitude than 2^22 to an integer, ties to even.
constexpr float kRounder = 12582912.0f;

float RoundedUnits(float value, float inverse_unit, float largest) {
  const float units = std::min(std::max(value * inverse_unit, -largest), largest);
  return (units + kRounder) - kRounder;
}

double SumOfErrors(absl::Span<const float> values, float unit, float largest) {
  const float inverse = 1 / unit;
  const int64_t count = static_cast<int64_t>(values.size());
  // A sum for each block, so that the result does not depend on the number of threads.
  std::vector<double> sums((count + kBlock - 1) / kBlock);
  ParallelRanges(static_cast<int64_t>(sums.size()), 1, 2, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      double sum = 0;
      for (int64_t i = block * kBlock; i < std::min(count, (block + 1) * kBlock); ++i) {
        sum += std::abs(double{values[i]} - double{RoundedUnits(values[i], inverse, largest)} * unit);
      }
      sums[block] = sum;
    }
  });
  double sum = 0;
  for (double part : sums) sum += part;
  return sum;
}

}  // namespace

float ChooseRadixUnit(absl::Span<const float> values, int32_t largest) {
  float magnitude = 0;
  for (float value : values) magnitude = std::max(magnitude, std::abs(value));
  if (magnitude == 0) return 1;
  int exponent = 0;
  std::frexp(magnitude / static_cast<float>(largest), &exponent);  // magnitude / largest < 2^exponent
  // Both a unit and its inverse are normal floats.
  exponent = std::min(std::max(exponent, -125 + kHalvings), 125);
  float best = 0;
  double least = 0;
  for (int halvings = 0; halvings <= kHalvings; ++halvings) {
    const float unit = std::ldexp(1.0f, exponent - halvings);
    const double error = SumOfErrors(values, unit, static_cast<float>(largest));
    if (halvings > 0 && error >= least) continue;
    best = unit;
    least = error;
  }
  return best;
}

void RoundToUnit(float unit, int32_t largest, int64_t count, float* values) {
  const float inverse = 1 / unit, limit = static_cast<float>(largest);
  ParallelRanges(count, 64, kSerialElements, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) values[i] = RoundedUnits(values[i], inverse, limit) * unit;
  });
}

FixedPoint::FixedPoint(int64_t elements, int bits)
    : elements_(elements), largest_((1 << (bits - 1)) - 1), unit_(DType::kF32, Shape{1}) {
  *unit_.data<float>() = 1;
}

int64_t FixedPoint::FindViolation(const float* weights) const {
  const float inverse = 1 / unit();
  for (int64_t i = 0; i < elements_; ++i) {
    if (RoundedUnits(weights[i], inverse, static_cast<float>(largest_)) * unit() != weights[i]) return i;
  }
  return -1;
}

void FixedPoint::ChooseUnit(const float* weights) {
  *unit_.data<float>() = ChooseRadixUnit({weights, static_cast<size_t>(elements_)}, largest_);
}

}  // namespace espalier

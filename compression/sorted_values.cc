#include "compression/sorted_values.h"

#include <algorithm>
#include <utility>

#include "hwy/contrib/sort/vqsort.h"

namespace espalier {

SortedValues::SortedValues(std::vector<float> values) : values_(std::move(values)) {
  hwy::Sorter()(values_.data(), values_.size(), hwy::SortAscending());
  sums_.reserve(values_.size() / kStride + 1);
  double sum = 0;
  for (size_t i = 0; i < values_.size(); ++i) {
    if (i % kStride == 0) sums_.push_back(sum);
    sum += values_[i];
  }
  if (values_.size() % kStride == 0) sums_.push_back(sum);
}

int64_t SortedValues::CountUpTo(double bound) const {
  return std::upper_bound(values_.begin(), values_.end(), bound) - values_.begin();
}

double SortedValues::SumBefore(int64_t end) const {
  double sum = sums_[end / kStride];
  for (int64_t i = end / kStride * kStride; i < end; ++i) sum += values_[i];
  return sum;
}

}  // namespace espalier

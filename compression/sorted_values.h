// Sorted numbers whose sums over ranges come quickly.
#ifndef ESPALIER_COMPRESSION_SORTED_VALUES_H_
#define ESPALIER_COMPRESSION_SORTED_VALUES_H_

#include <cstdint>
#include <vector>

namespace espalier {

class SortedValues {
 public:
  explicit SortedValues(std::vector<float> values);

  int64_t size() const { return static_cast<int64_t>(values_.size()); }
  float operator[](int64_t position) const { return values_[position]; }
  // How many are at most `bound`.
  int64_t CountUpTo(double bound) const;
  // Of values [begin, end).
  double Sum(int64_t begin, int64_t end) const { return SumBefore(end) - SumBefore(begin); }

 private:
  static constexpr int64_t kStride = 64;  // between two sums that are kept
  double SumBefore(int64_t end) const;

  std::vector<float> values_;
  std::vector<double> sums_;  // of the first i * kStride values
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_SORTED_VALUES_H_

// How sums become activations again. Every engine uses this one rule, so that equal sums give equal outputs, bit for
// bit.
#ifndef ESPALIER_HW_REQUANTIZE_H_
#define ESPALIER_HW_REQUANTIZE_H_

#include <algorithm>
#include <cstdint>
#include <vector>

namespace espalier {

// clamp(round_half_up(sum * multiplier[row] / 2^shift[row]), minimum, maximum). With one entry it is all rows'. A
// power-of-two fixed point has multiplier 1. A multiplier is negative where a batch norm turns a channel's sign around.
// Who builds one proves that |sum * multiplier| < 2^62 for every sum that the matrix can give.
struct Requantization {
  std::vector<int32_t> multiplier;   // (-2^31, 2^31), not 0
  std::vector<int> shift;            // [0, 62]
  int32_t minimum = 0, maximum = 0;  // within int16; 0 as minimum is a rectifier
};

// floor(sum * multiplier / 2^shift + 1/2), clamped. Halves go up, of negative numbers too: -1.5 becomes -1. In hardware
// that is an adder and a shifter.
inline int16_t RequantizeSum(int64_t sum, int32_t multiplier, int shift, int32_t minimum, int32_t maximum) {
  const int64_t half = shift > 0 ? int64_t{1} << (shift - 1) : 0;
  const int64_t rounded = (sum * multiplier + half) >> shift;
  return static_cast<int16_t>(std::min<int64_t>(std::max<int64_t>(rounded, minimum), maximum));
}

// The same with the entries of `row`.
inline int16_t RequantizeSum(const Requantization& requantization, int64_t row, int64_t sum) {
  const size_t m = requantization.multiplier.size() > 1 ? static_cast<size_t>(row) : 0;
  const size_t s = requantization.shift.size() > 1 ? static_cast<size_t>(row) : 0;
  return RequantizeSum(sum, requantization.multiplier[m], requantization.shift[s], requantization.minimum,
                       requantization.maximum);
}

}  // namespace espalier

#endif  // ESPALIER_HW_REQUANTIZE_H_

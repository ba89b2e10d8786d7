// EIE's fixed point: 16-bit weights times 16-bit activations, shifted, added to accumulators that saturate.
#ifndef ESPALIER_HW_EIE_ARITHMETIC_H_
#define ESPALIER_HW_EIE_ARITHMETIC_H_

#include <algorithm>
#include <cstdint>

#include "hw/requantize.h"

namespace espalier {

class EieArithmetic {
 public:
  EieArithmetic(int accumulator_bits, int product_shift)
      : maximum_((int64_t{1} << (accumulator_bits - 1)) - 1),
        shift_(product_shift),
        half_(product_shift == 0 ? 0 : int64_t{1} << (product_shift - 1)) {}

  // A product, or a bias in the units of products, in the accumulators' unit.
  int64_t Shift(int64_t product) const { return (product + half_) >> shift_; }
  int64_t Saturate(int64_t sum) const { return std::clamp(sum, -maximum_ - 1, maximum_); }

  // The activation of `row` of which `accumulator` is the sum.
  int16_t Output(int64_t accumulator, const Requantization& requantization, int64_t row) const {
    return RequantizeSum(requantization, row, accumulator * (int64_t{1} << shift_));
  }

 private:
  int64_t maximum_;
  int shift_;
  int64_t half_;
};

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_ARITHMETIC_H_

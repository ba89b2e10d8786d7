// Formats of integers and how their units are chosen: fixed point, whose units are powers of two (a radix point), and
// affine integers without offset, whose units are any numbers. An integer q stands for the number q * unit.
#ifndef ESPALIER_HW_INTEGER_FORMAT_H_
#define ESPALIER_HW_INTEGER_FORMAT_H_

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "core/status.h"
#include "hw/magnitude_histogram.h"

namespace espalier {

// How a unit is chosen from the numbers it must do for.
enum class UnitChoice {
  kLargest,           // the largest magnitude just fits
  kLeastSquaredError  // larger magnitudes may saturate where that makes the mean squared error least
};

struct IntegerFormat {
  int bits = 8;  // of weights and activations: 8 or 16
  bool power_of_two = false;
  // Each output channel's weights have a unit of their own. Weights that share values have one unit all the same.
  bool per_channel = true;
  UnitChoice weights = UnitChoice::kLargest;
  UnitChoice activations = UnitChoice::kLeastSquaredError;

  // 16-bit fixed point, as EIE computes (Han et al. 2016).
  static IntegerFormat Fixed16();
  static IntegerFormat Fixed8();
  // 8-bit integers with a unit for each output channel, as TPUs compute.
  static IntegerFormat Int8();

  // "fixed16", "fixed8" or "int8".
  static absl::StatusOr<IntegerFormat> FromName(absl::string_view name);

  std::string ToString() const;  // "8 bits, any units by channel, weights largest, activations least squares"
};

// What integers of a number of bits lie between. Weights are symmetric, so that -w can be had for each w. Activations
// behind a rectifier have no sign: of 8 bits they use all, of 16 bits 15, because they travel as int16.
struct IntegerLimits {
  int32_t minimum = 0, maximum = 0;
};
IntegerLimits WeightLimits(int bits);
IntegerLimits ActivationLimits(int bits, bool is_signed);

// The unit for the numbers of `histogram` as integers up to `largest`; 1 where all numbers are zero.
double ChooseUnit(const MagnitudeHistogram& histogram, int32_t largest, UnitChoice choice, bool power_of_two);

// round_half_up(value / unit), clamped; 0 for what is not a number.
int16_t ToInteger(double value, double unit, const IntegerLimits& range);

// factor = multiplier / 2^shift, as near as a multiplier of `bits` bits (beside its sign) and a shift in [0, 62] come
// to it. Exact, with 1 as the multiplier, for a power of two up to 1.
struct FixedFactor {
  int32_t multiplier = 0;
  int shift = 0;
};
FixedFactor ToFixedFactor(double factor, int bits);

}  // namespace espalier

#endif  // ESPALIER_HW_INTEGER_FORMAT_H_

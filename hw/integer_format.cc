#include "hw/integer_format.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier {
namespace {

// The smallest power of two that is not below `value`.
double PowerOfTwoAtLeast(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // value = fraction * 2^exponent, fraction in [0.5, 1)
  return std::ldexp(1.0, fraction == 0.5 ? exponent - 1 : exponent);
}

// The sum of squared errors of the histogram's numbers, each at the middle of its bin, in the given unit.
double SquaredError(const MagnitudeHistogram& histogram, int32_t largest, double unit) {
  double sum = 0;
  for (int bin = 0; bin < MagnitudeHistogram::kBins; ++bin) {
    const int64_t count = histogram.counts()[bin];
    if (count == 0) continue;
    const double magnitude = (bin + 0.5) * histogram.bin_width();
    const double error = std::min(std::floor(magnitude / unit + 0.5), static_cast<double>(largest)) * unit - magnitude;
    sum += static_cast<double>(count) * error * error;
  }
  return sum;
}

}  // namespace

IntegerFormat IntegerFormat::Fixed16() {
  IntegerFormat format;
  format.bits = 16;
  format.power_of_two = true;
  format.per_channel = false;
  format.activations = UnitChoice::kLargest;
  return format;
}

IntegerFormat IntegerFormat::Fixed8() {
  IntegerFormat format = Fixed16();
  format.bits = 8;
  format.weights = format.activations = UnitChoice::kLeastSquaredError;
  return format;
}

IntegerFormat IntegerFormat::Int8() { return {}; }

absl::StatusOr<IntegerFormat> IntegerFormat::FromName(absl::string_view name) {
  if (name == "fixed16") return Fixed16();
  if (name == "fixed8") return Fixed8();
  if (name == "int8") return Int8();
  return absl::InvalidArgumentError(absl::StrCat("expected fixed16, fixed8 or int8, found ", name));
}

std::string IntegerFormat::ToString() const {
  const auto name = [](UnitChoice choice) { return choice == UnitChoice::kLargest ? "largest" : "least squares"; };
  return absl::StrCat(bits, " bits, ", power_of_two ? "power-of-two" : "any", " units ",
                      per_channel ? "by channel" : "by layer", ", weights ", name(weights), ", activations ",
                      name(activations));
}

IntegerLimits WeightLimits(int bits) {
  const int32_t most = (1 << (bits - 1)) - 1;
  return {-most, most};
}

IntegerLimits ActivationLimits(int bits, bool is_signed) {
  if (is_signed) return {-(1 << (bits - 1)), (1 << (bits - 1)) - 1};
  return {0, bits == 16 ? INT16_MAX : (1 << bits) - 1};
}

double ChooseUnit(const MagnitudeHistogram& histogram, int32_t largest, UnitChoice choice, bool power_of_two) {
  if (histogram.max_magnitude() == 0) return 1;
  const double fits = histogram.max_magnitude() / largest;
  double best = power_of_two ? PowerOfTwoAtLeast(fits) : fits;
  if (choice == UnitChoice::kLargest || histogram.counts().empty()) return best;
  constexpr int kSteps = 80;
  const double first = best;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step < kSteps; ++step) {
    // Down to an eighth of the largest magnitude.
    const double unit = power_of_two ? std::ldexp(first, -step) : first * std::exp2(-3.0 * step / kSteps);
    if (power_of_two && step > 3) break;
    const double error = SquaredError(histogram, largest, unit);
    if (error < least) {
      least = error;
      best = unit;
    }
  }
  return best;
}

int16_t ToInteger(double value, double unit, const IntegerLimits& range) {
  if (std::isnan(value)) return 0;
  const double rounded = std::floor(value / unit + 0.5);
  return static_cast<int16_t>(std::clamp<double>(rounded, range.minimum, range.maximum));
}

FixedFactor ToFixedFactor(double factor, int bits) {
  if (factor == 0) return {0, 0};
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(factor), &exponent);  // |factor| = fraction * 2^exponent
  if (fraction == 0.5 && exponent <= 1 && exponent >= -61) return {factor < 0 ? -1 : 1, 1 - exponent};
  int shift = std::clamp(bits - exponent, 0, 62);
  double multiplier = std::floor(std::ldexp(std::fabs(factor), shift) + 0.5);
  if (multiplier >= std::ldexp(1.0, bits) && shift > 0) {
    multiplier = std::floor(std::ldexp(std::fabs(factor), --shift) + 0.5);
  }
  multiplier = std::max(multiplier, 1.0);
  CHECK_LT(multiplier, 0x1p31) << "factor " << factor << " has no multiplier of 31 bits";
  return {static_cast<int32_t>(factor < 0 ? -multiplier : multiplier), shift};
}

}  // namespace espalier

// Weights in fixed point: each is an integer of a few bits times the tensor's unit, a power of two (the radix point).
//
// The network computes with rounded weights, while what trains stays in float and takes the rounded weights' gradient
// as its own (straight-through, Courbariaux et al. 2015): steps smaller than a unit add up.
#ifndef ESPALIER_COMPRESSION_FIXED_POINT_H_
#define ESPALIER_COMPRESSION_FIXED_POINT_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "compression/weight_transform.h"

namespace espalier {

// The power of two for which the sum of |value - rounded value| is least, rounded values being clamped to
// [-largest, largest] units (radix-point search, Qiu et al. 2016): large values may saturate. Among equals the largest;
// 1 if all values are zero.
float ChooseRadixUnit(absl::Span<const float> values, int32_t largest);

// values[i] becomes the nearest multiple of the unit (between two, the even one), at most `largest` units from zero.
// The unit is a power of two; largest < 2^22.
void RoundToUnit(float unit, int32_t largest, int64_t count, float* values);

class FixedPoint : public WeightTransform {
 public:
  static constexpr char kName[] = "fixed_point";

  // `bits`, 2 to 16, hold integers from -(2^(bits-1) - 1) to 2^(bits-1) - 1. The unit is 1 until it is chosen.
  FixedPoint(int64_t elements, int bits);

  absl::string_view name() const override { return kName; }
  bool keeps_trained_weights() const override { return true; }
  void TransformGradient(float* /*gradient*/) const override {}
  void Project(float* weights) const override { RoundToUnit(unit(), largest_, elements_, weights); }
  int64_t FindViolation(const float* weights) const override;
  // "": the unit.
  std::vector<NamedTensor> State() const override { return {{"", unit_}}; }

  void ChooseUnit(const float* weights);
  float unit() const { return *unit_.data<float>(); }

 private:
  const int64_t elements_;
  const int32_t largest_;
  Tensor unit_;
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_FIXED_POINT_H_

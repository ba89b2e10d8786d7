#include "compression/round_weights.h"

#include <memory>

#include "compression/fixed_point.h"

namespace espalier {

void AddFixedPoint(const PhaseFixedPoint& fixed_point, const ParameterLayout& layout, WeightTransforms* transforms) {
  for (const auto& [parameter, bits] : fixed_point.bits) {
    if (transforms->Find(parameter, FixedPoint::kName) != nullptr) continue;
    transforms->Add(parameter, std::make_unique<FixedPoint>(layout[parameter].elements(), bits));
  }
}

void BeginFixedPoint(const PhaseFixedPoint& fixed_point, bool restores_dense, const ParameterLayout& layout,
                     const float* weights, WeightTransforms* transforms) {
  if (fixed_point.begins || restores_dense) transforms->Remove(FixedPoint::kName);
  if (!fixed_point.begins) return;
  AddFixedPoint(fixed_point, layout, transforms);
  for (const auto& [parameter, bits] : fixed_point.bits) {
    static_cast<FixedPoint*>(transforms->Find(parameter, FixedPoint::kName))
        ->ChooseUnit(weights + layout[parameter].offset);
  }
}

}  // namespace espalier

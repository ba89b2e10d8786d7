#include "compression/prune.h"

#include <cmath>

#include "compression/magnitude.h"

namespace espalier {
namespace {

Mask* MaskOf(int parameter, const WeightTransforms& transforms) {
  return static_cast<Mask*>(transforms.Find(parameter, Mask::kName));
}

}  // namespace

void AddMasks(const std::vector<int>& parameters, const ParameterLayout& layout, WeightTransforms* transforms) {
  for (int parameter : parameters) {
    if (MaskOf(parameter, *transforms) != nullptr) continue;
    transforms->Add(parameter, std::make_unique<Mask>(layout[parameter].elements()));
  }
}

void PruneWeights(const PrunePlan& plan, int64_t step, const ParameterLayout& layout, float* weights,
                  ParameterOptimizer* optimizer, WeightTransforms* transforms) {
  for (const PruneGroup& group : plan.groups) {
    AddMasks(group.parameters, layout, transforms);
    std::vector<MaskedWeights> parts;
    int64_t elements = 0;
    for (int parameter : group.parameters) {
      parts.push_back({weights + layout[parameter].offset, MaskOf(parameter, *transforms)});
      elements += layout[parameter].elements();
    }
    MaskSmallest(parts, std::llround(plan.SparsityAt(group, step) * static_cast<double>(elements)));
  }
  transforms->Project(weights);
  for (int i = 0; i < optimizer->slot_count(); ++i) {
    transforms->ResetSlot(optimizer->slot(i), optimizer->slot_initial(i));
  }
}

void BeginPruning(const PhasePruning& pruning, const ParameterLayout& layout, float* weights,
                  ParameterOptimizer* optimizer, WeightTransforms* transforms) {
  if (pruning.restores_dense) transforms->Remove(Mask::kName);
  if (pruning.plan) PruneWeights(*pruning.plan, 0, layout, weights, optimizer, transforms);
}

std::optional<double> MaskedShare(const ParameterLayout& layout, const WeightTransforms& transforms) {
  int64_t weights = 0, masked = 0;
  bool any = false;
  for (int i = 0; i < layout.size(); ++i) {
    if (layout[i].role != ParameterRole::kWeight) continue;
    weights += layout[i].elements();
    const Mask* mask = MaskOf(i, transforms);
    if (mask == nullptr) continue;
    any = true;
    masked += mask->masked();
  }
  if (!any) return std::nullopt;
  return static_cast<double>(masked) / static_cast<double>(weights);
}

}  // namespace espalier

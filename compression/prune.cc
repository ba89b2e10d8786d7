#include "compression/prune.h"

#include <cmath>

#include "compression/magnitude.h"

namespace espalier {
namespace {

Mask* MaskOf(int parameter, const WeightTransforms& transforms) {
  return static_cast<Mask*>(transforms.Find(parameter, Mask::kName));
}

// How many weights of a parameter are masked or of smaller magnitude than that many standard deviations (around zero)
// of those that are not: the threshold of Han et al. 2015.
int64_t CountSmall(const float* weights, const Mask& mask, double deviations) {
  double squares = 0;
  int64_t small = 0;
  const int64_t left = mask.elements() - mask.masked();
  for (int64_t i = 0; i < mask.elements(); ++i) squares += double{weights[i]} * weights[i];  // masked ones are zero
  const double threshold = left > 0 ? deviations * std::sqrt(squares / static_cast<double>(left)) : 0;
  for (int64_t i = 0; i < mask.elements(); ++i) small += mask.IsMasked(i) || std::abs(weights[i]) < threshold;
  return small;
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
    const int64_t count = group.deviations > 0
                              ? CountSmall(parts[0].weights, *parts[0].mask, group.deviations)
                              : std::llround(plan.SparsityAt(group, step) * static_cast<double>(elements));
    MaskSmallest(parts, count);
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

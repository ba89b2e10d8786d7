// Carries out what a plan says, on the arenas of one network: masks are made, weights become zero, slots start anew.
#ifndef ESPALIER_COMPRESSION_PRUNE_H_
#define ESPALIER_COMPRESSION_PRUNE_H_

#include "compression/prune_plan.h"
#include "compression/weight_transforms.h"
#include "optim/optimizer.h"

namespace espalier {

// Gives each of `parameters` that has none a mask of nothing: the chains as they stand in a phase, whose masks a
// checkpoint then fills.
void AddMasks(const std::vector<int>& parameters, const ParameterLayout& layout, WeightTransforms* transforms);

// Masks the weights of smallest magnitude of each group, up to the plan's sparsity after `step` steps of the phase.
// Masked ones stay masked.
void PruneWeights(const PrunePlan& plan, int64_t step, const ParameterLayout& layout, float* weights,
                  ParameterOptimizer* optimizer, WeightTransforms* transforms);

// What a phase's beginning does to the chains, and with them to weights and slots.
void BeginPruning(const PhasePruning& pruning, const ParameterLayout& layout, float* weights,
                  ParameterOptimizer* optimizer, WeightTransforms* transforms);

// The share of weights (biases and norm parameters not counted) that are masked; nothing without a mask.
std::optional<double> MaskedShare(const ParameterLayout& layout, const WeightTransforms& transforms);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PRUNE_H_

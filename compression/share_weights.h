// Carries out what a plan says, on the arenas of one network: weights are clustered and become what their clusters are.
#ifndef ESPALIER_COMPRESSION_SHARE_WEIGHTS_H_
#define ESPALIER_COMPRESSION_SHARE_WEIGHTS_H_

#include "compression/share_plan.h"
#include "compression/weight_transforms.h"
#include "optim/optimizer.h"

namespace espalier {

// Gives each of `parameters` that has none a codebook: the chains as they stand in a phase, whose codes a checkpoint
// then fills.
void AddCodebooks(const std::vector<int>& parameters, const ParameterLayout& layout, WeightTransforms* transforms);

// What a phase's beginning does. Weights that are zero stay out of the clusters and stay zero. With restore_dense
// codebooks of phases before are gone.
void BeginSharing(const PhaseSharing& sharing, bool restores_dense, const ParameterLayout& layout, float* weights,
                  ParameterOptimizer* optimizer, WeightTransforms* transforms);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_SHARE_WEIGHTS_H_

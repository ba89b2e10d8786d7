// Carries out what a plan of fixed point says, on the chains of one network.
#ifndef ESPALIER_COMPRESSION_ROUND_WEIGHTS_H_
#define ESPALIER_COMPRESSION_ROUND_WEIGHTS_H_

#include "compression/fixed_point_plan.h"
#include "compression/weight_transforms.h"

namespace espalier {

// Makes the chains as they stand in a phase, whose units a checkpoint then fills.
void AddFixedPoint(const PhaseFixedPoint& fixed_point, const ParameterLayout& layout, WeightTransforms* transforms);

// What a phase's beginning does: units are chosen from the trained weights, which stay what they are. With
// restore_dense rounding of phases before is gone.
void BeginFixedPoint(const PhaseFixedPoint& fixed_point, bool restores_dense, const ParameterLayout& layout,
                     const float* weights, WeightTransforms* transforms);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_ROUND_WEIGHTS_H_

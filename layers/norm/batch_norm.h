// Batch normalisation (Ioffe and Szegedy 2015) per channel: y = (x - mean) / sqrt(variance + epsilon) * scale + shift.
// Training takes the statistics of the batch and moves the running ones; inference uses the running ones.
// Parameters: scale [C], shift [C]. States: mean [C], variance [C] (unbiased).
#ifndef ESPALIER_LAYERS_NORM_BATCH_NORM_H_
#define ESPALIER_LAYERS_NORM_BATCH_NORM_H_

#include "layers/layer.h"
#include "proto/layers/norm.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeBatchNorm(const BatchNorm& batch_norm, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_NORM_BATCH_NORM_H_

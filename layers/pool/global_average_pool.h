// The mean over all of space: x [N, C, H, W] -> y [N, C].
#ifndef ESPALIER_LAYERS_POOL_GLOBAL_AVERAGE_POOL_H_
#define ESPALIER_LAYERS_POOL_GLOBAL_AVERAGE_POOL_H_

#include "layers/layer.h"
#include "proto/layers/pool.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeGlobalAveragePool(const GlobalAveragePool& pool, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_POOL_GLOBAL_AVERAGE_POOL_H_

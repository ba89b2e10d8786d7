// Max or average pooling: x [N, C, H, W] -> y [N, C, oh, ow], with sizes rounded down, or up as Caffe does.
#ifndef ESPALIER_LAYERS_POOL_POOL_H_
#define ESPALIER_LAYERS_POOL_POOL_H_

#include "layers/layer.h"
#include "proto/layers/pool.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakePool(const Pool& pool, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_POOL_POOL_H_

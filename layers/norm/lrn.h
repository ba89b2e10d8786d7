// Local response normalisation across channels (Krizhevsky et al. 2012), x [N, C, H, W]:
// y = x / (k + alpha / size * sum x_j^2)^beta over the `size` channels around each.
#ifndef ESPALIER_LAYERS_NORM_LRN_H_
#define ESPALIER_LAYERS_NORM_LRN_H_

#include "layers/layer.h"
#include "proto/layers/norm.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeLrn(const Lrn& lrn, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_NORM_LRN_H_

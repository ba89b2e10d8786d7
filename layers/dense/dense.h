// Fully connected: x [N, ...] -> y [N, channels] = flatten(x) W^T + b.
// Parameters: weight [channels, inputs], bias [channels].
#ifndef ESPALIER_LAYERS_DENSE_DENSE_H_
#define ESPALIER_LAYERS_DENSE_DENSE_H_

#include "layers/layer.h"
#include "proto/layers/dense.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeDense(const Dense& dense, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_DENSE_DENSE_H_

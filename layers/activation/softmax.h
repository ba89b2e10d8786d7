// Softmax over dimension 1: y_c = exp(x_c) / sum_k exp(x_k).
#ifndef ESPALIER_LAYERS_ACTIVATION_SOFTMAX_H_
#define ESPALIER_LAYERS_ACTIVATION_SOFTMAX_H_

#include "layers/layer.h"
#include "proto/layers/activation.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeSoftmax(const Softmax& softmax, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_ACTIVATION_SOFTMAX_H_

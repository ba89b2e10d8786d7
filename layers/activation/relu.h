// Rectified linear unit: y = max(x, 0).
#ifndef ESPALIER_LAYERS_ACTIVATION_RELU_H_
#define ESPALIER_LAYERS_ACTIVATION_RELU_H_

#include "layers/layer.h"
#include "proto/layers/activation.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeRelu(const Relu& relu, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_ACTIVATION_RELU_H_

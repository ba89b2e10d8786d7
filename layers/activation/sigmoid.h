// Logistic function: y = 1 / (1 + exp(-x)).
#ifndef ESPALIER_LAYERS_ACTIVATION_SIGMOID_H_
#define ESPALIER_LAYERS_ACTIVATION_SIGMOID_H_

#include "layers/layer.h"
#include "proto/layers/activation.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeSigmoid(const Sigmoid& sigmoid, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_ACTIVATION_SIGMOID_H_

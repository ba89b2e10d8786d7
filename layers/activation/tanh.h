// Hyperbolic tangent.
#ifndef ESPALIER_LAYERS_ACTIVATION_TANH_H_
#define ESPALIER_LAYERS_ACTIVATION_TANH_H_

#include "layers/layer.h"
#include "proto/layers/activation.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeTanh(const Tanh& tanh, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_ACTIVATION_TANH_H_

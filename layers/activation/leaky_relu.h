// Leaky ReLU (Maas et al. 2013): y = x for x > 0, else slope * x.
#ifndef ESPALIER_LAYERS_ACTIVATION_LEAKY_RELU_H_
#define ESPALIER_LAYERS_ACTIVATION_LEAKY_RELU_H_

#include "layers/layer.h"
#include "proto/layers/activation.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeLeakyRelu(const LeakyRelu& leaky_relu, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_ACTIVATION_LEAKY_RELU_H_

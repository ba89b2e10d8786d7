// Dropout (Srivastava et al. 2014), inverted: in training each element is zeroed with probability `rate` and the others
// are scaled by 1 / (1 - rate); at inference the layer does nothing. Masks are keyed by the layer's name and by the
// samples' numbers, so they do not depend on how a batch is split.
#ifndef ESPALIER_LAYERS_ACTIVATION_DROPOUT_H_
#define ESPALIER_LAYERS_ACTIVATION_DROPOUT_H_

#include "layers/layer.h"
#include "proto/layers/activation.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeDropout(const Dropout& dropout, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_ACTIVATION_DROPOUT_H_

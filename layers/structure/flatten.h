// x [N, ...] -> y [N, product of the other dimensions].
#ifndef ESPALIER_LAYERS_STRUCTURE_FLATTEN_H_
#define ESPALIER_LAYERS_STRUCTURE_FLATTEN_H_

#include "layers/layer.h"
#include "proto/layers/structure.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeFlatten(const Flatten& flatten, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_STRUCTURE_FLATTEN_H_

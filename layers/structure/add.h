// Element-wise sum of two or more inputs of one shape.
#ifndef ESPALIER_LAYERS_STRUCTURE_ADD_H_
#define ESPALIER_LAYERS_STRUCTURE_ADD_H_

#include "layers/layer.h"
#include "proto/layers/structure.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeAdd(const Add& add, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_STRUCTURE_ADD_H_

// Element-wise product of two inputs of one shape.
#ifndef ESPALIER_LAYERS_STRUCTURE_MULTIPLY_H_
#define ESPALIER_LAYERS_STRUCTURE_MULTIPLY_H_

#include "layers/layer.h"
#include "proto/layers/structure.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeMultiply(const Multiply& multiply, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_STRUCTURE_MULTIPLY_H_

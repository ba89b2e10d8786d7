// Inputs joined along one dimension; all others are equal.
#ifndef ESPALIER_LAYERS_STRUCTURE_CONCAT_H_
#define ESPALIER_LAYERS_STRUCTURE_CONCAT_H_

#include "layers/layer.h"
#include "proto/layers/structure.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeConcat(const Concat& concat, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_STRUCTURE_CONCAT_H_

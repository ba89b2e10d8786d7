// Dimensions in another order: output dimension i is input dimension order[i], the batch included.
#ifndef ESPALIER_LAYERS_STRUCTURE_TRANSPOSE_H_
#define ESPALIER_LAYERS_STRUCTURE_TRANSPOSE_H_

#include "layers/layer.h"
#include "proto/layers/structure.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeTranspose(const Transpose& transpose, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_STRUCTURE_TRANSPOSE_H_

// The same elements under other dimensions after the batch; one of them may be -1: what remains.
#ifndef ESPALIER_LAYERS_STRUCTURE_RESHAPE_H_
#define ESPALIER_LAYERS_STRUCTURE_RESHAPE_H_

#include "layers/layer.h"
#include "proto/layers/structure.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeReshape(const Reshape& reshape, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_STRUCTURE_RESHAPE_H_

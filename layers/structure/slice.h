// Elements [begin, begin + size) of one dimension.
#ifndef ESPALIER_LAYERS_STRUCTURE_SLICE_H_
#define ESPALIER_LAYERS_STRUCTURE_SLICE_H_

#include "layers/layer.h"
#include "proto/layers/structure.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeSlice(const Slice& slice, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_STRUCTURE_SLICE_H_

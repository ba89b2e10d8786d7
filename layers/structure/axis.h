// The check that layers joining or cutting along a dimension share.
#ifndef ESPALIER_LAYERS_STRUCTURE_AXIS_H_
#define ESPALIER_LAYERS_STRUCTURE_AXIS_H_

#include "layers/layer.h"

namespace espalier {

// Complains of field "axis" unless it is a dimension of the first input other than the batch.
void ExpectInnerAxis(int axis, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_STRUCTURE_AXIS_H_

// The table of layers: which function makes which kind.
#ifndef ESPALIER_LAYERS_REGISTER_H_
#define ESPALIER_LAYERS_REGISTER_H_

#include "layers/layer.h"
#include "proto/model.pb.h"

namespace espalier {

using LayerMaker = absl::StatusOr<ValueId> (*)(const Layer& layer, LayerContext& context);

// nullptr for a kind without a maker: composites, which the model builder expands itself.
LayerMaker FindLayerMaker(Layer::KindCase kind);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_REGISTER_H_

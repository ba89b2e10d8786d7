// 2-D convolution: x [N, C, H, W] -> y [N, channels, oh, ow], zero padding, optional bias.
// Parameters: weight [channels, C / groups, kernel_h, kernel_w], bias [channels].
#ifndef ESPALIER_LAYERS_DENSE_CONV_H_
#define ESPALIER_LAYERS_DENSE_CONV_H_

#include "layers/layer.h"
#include "proto/layers/dense.pb.h"

namespace espalier {

absl::StatusOr<ValueId> MakeConv(const Conv& conv, LayerContext& context);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_DENSE_CONV_H_

// Vectorised batch normalisation on plain and channel-blocked activations. A tile is one sample's channel block; every
// statistic is combined over tiles in a fixed order, so the number of threads never changes a bit.
#ifndef ESPALIER_CORE_KERNELS_BATCH_NORM_KERNELS_H_
#define ESPALIER_CORE_KERNELS_BATCH_NORM_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "core/channel_reducer.h"
#include "core/dtype.h"
#include "core/kernels/channel_geometry.h"

namespace espalier {

struct BatchNormForwardArguments {
  const void* x;
  const float *scale, *shift;  // [C]
  const void* residual;        // like x, or null
  void* y;
  float *mean, *variance;             // [C]: written in training, read in inference
  float* scratch;                     // BatchNormScratchBytes, aligned to 8 bytes
  ChannelReducer* reducer = nullptr;  // in training: not null when synchronised, see core/ops/batch_norm.h
};

struct BatchNormBackwardArguments {
  const void* x;
  const void* y;  // null without ReLU
  const void* dy;
  const float *mean, *variance, *scale;
  void* dx;
  float *dscale, *dshift;
  void* dresidual;  // or null
  float* scratch;
  ChannelReducer* reducer = nullptr;
};

size_t BatchNormScratchBytes(const ChannelGeometry& geometry);

void BatchNormTrain(DType dtype, const ChannelGeometry& geometry, float epsilon, bool relu,
                    const BatchNormForwardArguments& arguments);
void BatchNormInference(DType dtype, const ChannelGeometry& geometry, float epsilon, bool relu,
                        const BatchNormForwardArguments& arguments);
void BatchNormBackward(DType dtype, const ChannelGeometry& geometry, float epsilon,
                       const BatchNormBackwardArguments& arguments);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_BATCH_NORM_KERNELS_H_

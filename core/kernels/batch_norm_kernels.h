// Vectorised batch normalisation on plain and channel-blocked activations. A tile is one sample's channel block; every
// statistic is combined over tiles in a fixed order, so the number of threads never changes a bit.
#ifndef ESPALIER_CORE_KERNELS_BATCH_NORM_KERNELS_H_
#define ESPALIER_CORE_KERNELS_BATCH_NORM_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "core/dtype.h"

namespace espalier {

// Activations seen as [batch, blocks, spatial, block]; block is 1 (plain), 8 or 16. Channels beyond `channels` are
// padding.
struct BatchNormGeometry {
  int64_t batch, channels, spatial, block;
  int64_t blocks() const { return (channels + block - 1) / block; }
  int64_t padded_channels() const { return blocks() * block; }
};

struct BatchNormForwardArguments {
  const void* x;
  const float *scale, *shift;  // [C]
  const void* residual;        // like x, or null
  void* y;
  float *mean, *variance;  // [C]: written in training, read in inference
  float* scratch;          // BatchNormScratchBytes
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
};

size_t BatchNormScratchBytes(const BatchNormGeometry& geometry);

void BatchNormTrain(DType dtype, const BatchNormGeometry& geometry, float epsilon, bool relu,
                    const BatchNormForwardArguments& arguments);
void BatchNormInference(DType dtype, const BatchNormGeometry& geometry, float epsilon, bool relu,
                        const BatchNormForwardArguments& arguments);
void BatchNormBackward(DType dtype, const BatchNormGeometry& geometry, float epsilon,
                       const BatchNormBackwardArguments& arguments);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_BATCH_NORM_KERNELS_H_

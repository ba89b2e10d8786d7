// The layers of an integer network that are no matrix products, and how a convolution becomes one. Activations are
// int16, row-major, [batch, channels, height, width]. Each loop is split over the batch or its planes; results do not
// depend on threads.
#ifndef ESPALIER_HW_INTEGER_KERNELS_H_
#define ESPALIER_HW_INTEGER_KERNELS_H_

#include <cstdint>
#include <vector>

#include "core/ops/convolution.h"
#include "core/ops/pool.h"
#include "core/shape.h"
#include "hw/integer_format.h"
#include "hw/requantize.h"

namespace espalier {

// A convolution's geometry. Shapes are of a sample: [channels, height, width].
struct LoweredConvolution {
  ConvolutionAttributes attributes;
  int64_t kernel_h = 1, kernel_w = 1;
  Shape input, output;

  int64_t positions() const { return output[1] * output[2]; }
  // Of a group's matrix.
  int64_t rows() const { return output[0] / attributes.groups; }
  int64_t columns() const { return input[0] / attributes.groups * kernel_h * kernel_w; }
};

// images [batch, input] -> columns [batch, positions, columns]: the inputs of each sum of `group`, in the order of
// IntegerMatrix's columns; 0 where the kernel lies on padding.
void LowerImages(const LoweredConvolution& convolution, int64_t group, const int16_t* images, int64_t batch,
                 int16_t* columns);
// sums [batch, positions, rows] of `group` -> their channels of images [batch, output].
void RaiseRows(const LoweredConvolution& convolution, int64_t group, const int16_t* sums, int64_t batch,
               int16_t* images);

// `planes` = batch * channels, of height x width in, out_height x out_width out.
struct PoolGeometry {
  PoolAttributes attributes;
  int64_t planes = 0, height = 0, width = 0, out_height = 0, out_width = 0;
};
void MaxPool(const PoolGeometry& geometry, const IntegerLimits& limits, const int16_t* x, int16_t* y);
// rescale: entry n - 1 for windows of divisor n.
void AveragePool(const PoolGeometry& geometry, const Requantization& rescale, const int16_t* x, int16_t* y);

// y = the sum of inputs[i] * multiplier[i], shifted, rounded once and clamped; all `count` elements long.
void AddRescaled(const std::vector<const int16_t*>& inputs, const Requantization& rescale, int64_t count, int16_t* y);

// Input `index`'s entry of `rescale`, for `blocks` blocks of `block` elements, read one after the other and written
// `stride` elements apart.
void CopyRescaled(const int16_t* x, const Requantization& rescale, int64_t index, int64_t blocks, int64_t block,
                  int64_t stride, int16_t* y);

}  // namespace espalier

#endif  // ESPALIER_HW_INTEGER_KERNELS_H_

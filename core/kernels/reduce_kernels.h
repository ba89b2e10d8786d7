// Vectorised sums over channels, pixels, rows and columns, and their adjoint. Sums are taken in f32 in an order that
// does not depend on the number of threads.
#ifndef ESPALIER_CORE_KERNELS_REDUCE_KERNELS_H_
#define ESPALIER_CORE_KERNELS_REDUCE_KERNELS_H_

#include <cstddef>
#include <cstdint>

#include "core/dtype.h"
#include "core/kernels/channel_geometry.h"

namespace espalier {

// x -> y [batch, channels], plain and of x's type: the sum over the pixels divided by `divisor`. With divisor = spatial
// this is global average pooling; with batch x channels = rows and block = 1 it is any reduction of trailing
// dimensions.
void SpatialSum(DType dtype, const ChannelGeometry& geometry, const void* x, float divisor, void* y);
// The adjoint: dy [batch, channels], plain -> dx: each element of dy divided by `divisor`, at every pixel.
void SpatialBroadcast(DType dtype, const ChannelGeometry& geometry, const void* dy, float divisor, void* dx);

// x [rows, columns] -> y [columns] of x's type, the sum over the rows divided by `divisor`.
void ColumnSum(DType dtype, int64_t rows, int64_t columns, const void* x, float divisor, void* y);

// dy -> sums f32 [channels] over batch and pixels: the gradient of a bias.
size_t ChannelSumScratchBytes(const ChannelGeometry& geometry);
void ChannelSum(DType dtype, const ChannelGeometry& geometry, const void* dy, float* scratch, float* sums);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_REDUCE_KERNELS_H_

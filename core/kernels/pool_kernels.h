// Vectorised max and average pooling on plain and channel-blocked activations, whose padding must hold zeros. Every
// output is computed as core/ops/pool.h defines it, its terms in row-major order.
#ifndef ESPALIER_CORE_KERNELS_POOL_KERNELS_H_
#define ESPALIER_CORE_KERNELS_POOL_KERNELS_H_

#include <algorithm>
#include <cstdint>

#include "core/dtype.h"

namespace espalier {

// The windows along one axis; `pad` is below `kernel`.
struct PoolAxis {
  int64_t size, out_size, kernel, stride, pad;

  // Where window `out` begins, perhaps before the input.
  int64_t Start(int64_t out) const { return out * stride - pad; }
  // The positions [Begin, End) of the input that window `out` covers.
  int64_t Begin(int64_t out) const { return std::max<int64_t>(Start(out), 0); }
  int64_t End(int64_t out) const { return std::min(Start(out) + kernel, size); }
  // The positions that an average divides by: with `count_padding`, also those on the padding.
  int64_t Count(int64_t out, bool count_padding) const {
    return count_padding ? std::min(Start(out) + kernel, size + pad) - Start(out) : End(out) - Begin(out);
  }
  // The windows [FirstOut, EndOut) that cover position `at` of the input.
  int64_t FirstOut(int64_t at) const { return at + pad < kernel ? 0 : (at + pad - kernel) / stride + 1; }
  int64_t EndOut(int64_t at) const { return std::min(out_size, (at + pad) / stride + 1); }
};

// Activations seen as [batch, blocks, height, width, block]; block is 1 (plain), 8 or 16.
struct PoolGeometry {
  int64_t batch, channels, block;
  PoolAxis rows, columns;
  bool count_padding;  // of averages

  int64_t blocks() const { return (channels + block - 1) / block; }
  int64_t tiles() const { return batch * blocks(); }
  int64_t pixels() const { return rows.size * columns.size; }
  int64_t out_pixels() const { return rows.out_size * columns.out_size; }
};

// x -> y and, unless null, argmax, which lies like y: the flat h * W + w of each maximum, zero in padding channels.
void MaxPool(DType dtype, const PoolGeometry& geometry, const void* x, void* y, int32_t* argmax);
void AveragePool(DType dtype, const PoolGeometry& geometry, const void* x, void* y);

void MaxPoolBackward(DType dtype, const PoolGeometry& geometry, const void* dy, const int32_t* argmax, void* dx);
void AveragePoolBackward(DType dtype, const PoolGeometry& geometry, const void* dy, void* dx);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_POOL_KERNELS_H_

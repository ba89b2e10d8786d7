// Rows of activations times a tile of weights, as fast as the processor can: what a MatrixMultiply computes.
#ifndef ESPALIER_HW_TPU_TILE_KERNEL_H_
#define ESPALIER_HW_TPU_TILE_KERNEL_H_

#include <cstdint>

namespace espalier::tpu {

// Columns of packed weights and of sums come in multiples of this: the widest vector's 32-bit lanes, two registers.
inline constexpr int64_t kColumnGrain = 32;

// sums[row][column] (+)= (activations[row] . weights[column]) * 2^shift, modulo 2^32.
//   activations: [rows, 2 * pairs]
//   weights:     [pairs, columns, 2], the weights of two successive inputs side by side; columns % kColumnGrain == 0
//   sums:        rows `stride` apart
void MultiplyTile(const int16_t* activations, int64_t rows, int64_t pairs, const int16_t* weights, int64_t columns,
                  int shift, bool accumulate, int32_t* sums, int64_t stride);

// The plain twin.
void ReferenceMultiplyTile(const int16_t* activations, int64_t rows, int64_t pairs, const int16_t* weights,
                           int64_t columns, int shift, bool accumulate, int32_t* sums, int64_t stride);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_TILE_KERNEL_H_

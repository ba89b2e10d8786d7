// Vectorised element-wise kernels on n contiguous elements, whatever their layout: storage f32, bf16 or f16, arithmetic
// f32. Each equals its operator's reference bit for bit, sigmoid and tanh within a few units in the last place of f32.
// Outputs may be the same memory as an input of the same type, but must not overlap it otherwise.
#ifndef ESPALIER_CORE_KERNELS_ELEMENTWISE_KERNELS_H_
#define ESPALIER_CORE_KERNELS_ELEMENTWISE_KERNELS_H_

#include <cstdint>

#include "core/dtype.h"

namespace espalier {

void Add(DType dtype, const void* a, const void* b, void* y, int64_t n);      // a + b
void AddRelu(DType dtype, const void* a, const void* b, void* y, int64_t n);  // max(a + b, 0)
void Multiply(DType dtype, const void* a, const void* b, void* y, int64_t n);
void Scale(DType dtype, const void* x, float factor, void* y, int64_t n);

// Activations x -> y, and their gradients (y, dy) -> dx. A NaN stays NaN.
void Relu(DType dtype, const void* x, void* y, int64_t n);
void LeakyRelu(DType dtype, const void* x, float slope, void* y, int64_t n);
void Sigmoid(DType dtype, const void* x, void* y, int64_t n);
void Tanh(DType dtype, const void* x, void* y, int64_t n);
void ReluBackward(DType dtype, const void* y, const void* dy, void* dx, int64_t n);
void LeakyReluBackward(DType dtype, const void* y, const void* dy, float slope, void* dx, int64_t n);
void SigmoidBackward(DType dtype, const void* y, const void* dy, void* dx, int64_t n);
void TanhBackward(DType dtype, const void* y, const void* dy, void* dx, int64_t n);

// Rounds to nearest even. Not in place, unless the types are equal.
void Cast(DType from, const void* x, DType to, void* y, int64_t n);
// f32 -> f32, rounded to the values of `grid` (bf16 or f16).
void Round(DType grid, const float* x, float* y, int64_t n);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_ELEMENTWISE_KERNELS_H_

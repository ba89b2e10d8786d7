// Vectorised softmax and softmax cross-entropy on plain rows [rows, classes]. f32 arithmetic; a row that holds a NaN
// becomes NaN. Results do not depend on the number of threads.
#ifndef ESPALIER_CORE_KERNELS_SOFTMAX_KERNELS_H_
#define ESPALIER_CORE_KERNELS_SOFTMAX_KERNELS_H_

#include <cstdint>

#include "core/dtype.h"

namespace espalier {

// x -> softmax of each row, of x's type. May run in place.
void Softmax(DType dtype, const void* x, int64_t rows, int64_t classes, void* y);
// (y, dy) -> dx = y (dy - sum_c y dy), all of one type. May run in place of dy.
void SoftmaxBackward(DType dtype, const void* y, const void* dy, int64_t rows, int64_t classes, void* dx);

struct CrossEntropyTarget {
  const int32_t* labels;  // [rows], -1 for a padding row
  int64_t rows, classes;
  float smoothing;
};

// logits -> probabilities f32 [rows, classes] and the sum of the labelled rows' cross-entropies.
void SoftmaxCrossEntropy(DType dtype, const void* logits, const CrossEntropyTarget& target, float* loss,
                         float* probabilities);
// dlogits = dloss (probabilities - target) of `dtype`; 0 in padding rows.
void SoftmaxCrossEntropyBackward(const float* probabilities, const CrossEntropyTarget& target, float dloss, DType dtype,
                                 void* dlogits);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_SOFTMAX_KERNELS_H_

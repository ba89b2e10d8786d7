// Matrix products of integers in vector instructions, on all threads: for accuracy over whole data sets.
#ifndef ESPALIER_HW_FAST_MATRIX_ENGINE_H_
#define ESPALIER_HW_FAST_MATRIX_ENGINE_H_

#include "hw/matrix_engine.h"

namespace espalier {

// Equal to PlainMatrixEngine bit for bit. Keeps nothing between calls.
class FastMatrixEngine : public MatrixEngine {
 public:
  void Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs, int64_t batch,
                int16_t* outputs) override;
};

}  // namespace espalier

#endif  // ESPALIER_HW_FAST_MATRIX_ENGINE_H_

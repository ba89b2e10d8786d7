// What accelerators multiply, and the interface they do it behind.
#ifndef ESPALIER_HW_MATRIX_ENGINE_H_
#define ESPALIER_HW_MATRIX_ENGINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "hw/requantize.h"

namespace espalier {

// The weights of a dense layer, or of a group of a convolution that is lowered: a row for each output channel, a column
// for each input of the sum. Column order of a convolution: input channel, then kernel row, then kernel column.
struct IntegerMatrix {
  std::string name;  // the layer's: "conv1", "conv2/group1"
  int64_t rows = 0, columns = 0;
  std::vector<int16_t> weights;  // row-major
  // A row each, in the units of the sum: weight unit * input unit.
  std::vector<int64_t> bias;
  // What every input lies between: [0, 255] behind a rectifier in 8 bits.
  int32_t input_minimum = INT16_MIN, input_maximum = INT16_MAX;
};

// The largest magnitude that bias plus any part of the products of a row can have, over all rows: whether a 32-bit
// accumulator is enough, whatever the order of the sum.
int64_t LargestSum(const IntegerMatrix& matrix);

// Multiplies matrices for a network. Implementations: PlainMatrixEngine, EIE, TPU.
class MatrixEngine {
 public:
  virtual ~MatrixEngine() = default;
  // outputs[b][r] = RequantizeSum(bias[r] + sum over c of weights[r][c] * inputs[b][c]), the sum exact, or as the
  // engine's own arithmetic has it (EIE).
  // `inputs`: [batch, columns] activations. `outputs`: [batch, rows], requantized.
  virtual void Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs,
                        int64_t batch, int16_t* outputs) = 0;
};

// The slow twin of every other engine: one sum after the other, in 64 bits.
class PlainMatrixEngine : public MatrixEngine {
 public:
  void Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs, int64_t batch,
                int16_t* outputs) override;
};

}  // namespace espalier

#endif  // ESPALIER_HW_MATRIX_ENGINE_H_

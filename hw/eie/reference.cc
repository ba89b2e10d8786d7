#include "hw/eie/reference.h"

#include <algorithm>

#include "core/kernels/parallel.h"
#include "hw/eie/arithmetic.h"

namespace espalier {

std::vector<int16_t> EieReference(const EieConfig& config, const IntegerMatrix& matrix,
                                  const Requantization& requantization, const int16_t* activations,
                                  int64_t* saturations) {
  const EieArithmetic arithmetic(config.accumulator_bits, ProductShift(config, requantization));
  // A product with zero is nothing, rounded or not.
  std::vector<int64_t> columns;
  for (int64_t column = 0; column < matrix.columns; ++column) {
    if (activations[column] != 0) columns.push_back(column);
  }
  std::vector<int16_t> outputs(matrix.rows);
  for (int64_t row = 0; row < matrix.rows; ++row) {
    const int16_t* weights = matrix.weights.data() + row * matrix.columns;
    int64_t accumulator = arithmetic.Saturate(arithmetic.Shift(matrix.bias[row]));
    for (const int64_t column : columns) {
      const int64_t sum = accumulator + arithmetic.Shift(int64_t{weights[column]} * activations[column]);
      accumulator = arithmetic.Saturate(sum);
      *saturations += accumulator != sum;
    }
    outputs[row] = arithmetic.Output(accumulator, requantization, row);
  }
  return outputs;
}

void EieReferenceEngine::Multiply(const IntegerMatrix& matrix, const Requantization& requantization,
                                  const int16_t* inputs, int64_t batch, int16_t* outputs) {
  ParallelRanges(batch, 1, 2, [&](int64_t begin, int64_t end) {
    int64_t saturations = 0;
    for (int64_t vector = begin; vector < end; ++vector) {
      const std::vector<int16_t> result =
          EieReference(config_, matrix, requantization, inputs + vector * matrix.columns, &saturations);
      std::copy(result.begin(), result.end(), outputs + vector * matrix.rows);
    }
  });
}

}  // namespace espalier

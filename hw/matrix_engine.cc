#include "hw/matrix_engine.h"

#include <cstdlib>

namespace espalier {

int64_t LargestSum(const IntegerMatrix& matrix) {
  int64_t largest = 0;
  for (int64_t r = 0; r < matrix.rows; ++r) {
    const int16_t* row = matrix.weights.data() + r * matrix.columns;
    int64_t positive = 0, negative = 0;  // the most that products add and take away
    for (int64_t c = 0; c < matrix.columns; ++c) {
      const int64_t a = int64_t{row[c]} * matrix.input_minimum, b = int64_t{row[c]} * matrix.input_maximum;
      positive += std::max<int64_t>({a, b, 0});
      negative += std::max<int64_t>({-a, -b, 0});
    }
    const int64_t bias = matrix.bias[r];
    largest = std::max({largest, std::abs(bias), std::abs(bias + positive), std::abs(bias - negative)});
    largest = std::max({largest, positive, negative});
  }
  return largest;
}

void PlainMatrixEngine::Multiply(const IntegerMatrix& matrix, const Requantization& requantization,
                                 const int16_t* inputs, int64_t batch, int16_t* outputs) {
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t r = 0; r < matrix.rows; ++r) {
      int64_t sum = matrix.bias[r];
      for (int64_t c = 0; c < matrix.columns; ++c) {
        sum += int32_t{matrix.weights[r * matrix.columns + c]} * inputs[b * matrix.columns + c];
      }
      outputs[b * matrix.rows + r] = RequantizeSum(requantization, r, sum);
    }
  }
}

}  // namespace espalier

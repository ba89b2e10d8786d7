#include "hw/eie/reference.h"

#include "core/random.h"
#include "gtest/gtest.h"
#include "hw/eie/arithmetic.h"

namespace espalier {
namespace {

// Every product, in the order of the columns.
std::vector<int16_t> PlainLoop(const EieConfig& config, const IntegerMatrix& matrix,
                               const Requantization& requantization, const int16_t* activations, int64_t* saturations) {
  const EieArithmetic arithmetic(config.accumulator_bits, ProductShift(config, requantization));
  std::vector<int16_t> outputs;
  for (int64_t row = 0; row < matrix.rows; ++row) {
    int64_t accumulator = arithmetic.Saturate(arithmetic.Shift(matrix.bias[row]));
    for (int64_t column = 0; column < matrix.columns; ++column) {
      const int64_t product = int64_t{matrix.weights[row * matrix.columns + column]} * activations[column];
      const int64_t sum = accumulator + arithmetic.Shift(product);
      accumulator = arithmetic.Saturate(sum);
      *saturations += accumulator != sum;
    }
    outputs.push_back(arithmetic.Output(accumulator, requantization, row));
  }
  return outputs;
}

TEST(EieReference, LeavesOutNoProductThatCounts) {
  Random random(3, "reference", 0, 0);
  IntegerMatrix matrix;
  matrix.rows = 30;
  matrix.columns = 60;
  constexpr int64_t kBatch = 9;
  for (int64_t i = 0; i < matrix.rows * matrix.columns; ++i) {
    matrix.weights.push_back(random.Below(2) ? 0 : static_cast<int16_t>(static_cast<int>(random.Below(8000)) - 4000));
  }
  for (int64_t row = 0; row < matrix.rows; ++row) {
    matrix.bias.push_back(static_cast<int64_t>(random.Below(1 << 20)) - (1 << 19));
  }
  std::vector<int16_t> inputs;
  for (int64_t i = 0; i < kBatch * matrix.columns; ++i) {
    inputs.push_back(random.Below(3) ? 0 : static_cast<int16_t>(static_cast<int>(random.Below(65536)) - 32768));
  }
  const Requantization requantization{{1}, {11}, -32768, 32767};
  int64_t saturated = 0;
  for (const int shift : {0, 1, 9, kAutomaticShift}) {
    EieConfig config;
    config.product_shift = shift;
    std::vector<int16_t> outputs(kBatch * matrix.rows), expected;
    int64_t saturations = 0, plain_saturations = 0;
    for (int64_t b = 0; b < kBatch; ++b) {
      const int16_t* const vector = inputs.data() + b * matrix.columns;
      const std::vector<int16_t> plain = PlainLoop(config, matrix, requantization, vector, &plain_saturations);
      EXPECT_EQ(EieReference(config, matrix, requantization, vector, &saturations), plain) << shift;
      expected.insert(expected.end(), plain.begin(), plain.end());
    }
    EXPECT_EQ(saturations, plain_saturations);
    saturated += saturations;
    EieReferenceEngine(config).Multiply(matrix, requantization, inputs.data(), kBatch, outputs.data());
    EXPECT_EQ(outputs, expected) << shift;
  }
  EXPECT_GT(saturated, 0);
}

}  // namespace
}  // namespace espalier

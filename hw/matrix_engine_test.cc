#include "hw/matrix_engine.h"

#include "gtest/gtest.h"

namespace espalier {
namespace {

IntegerMatrix TwoByThree() {
  IntegerMatrix matrix;
  matrix.name = "fc";
  matrix.rows = 2;
  matrix.columns = 3;
  matrix.weights = {1, -2, 3, 0, 4, -5};
  matrix.bias = {10, -20};
  return matrix;
}

TEST(MatrixEngineTest, PlainEngineAddsBiasAndProducts) {
  PlainMatrixEngine engine;
  const Requantization requantization{{1}, {1}, -100, 100};
  const int16_t inputs[] = {1, 2, 3, -1, 0, 2};
  int16_t outputs[4];
  engine.Multiply(TwoByThree(), requantization, inputs, 2, outputs);
  EXPECT_EQ(outputs[0], 8);    // (10 + 1 - 4 + 9) / 2
  EXPECT_EQ(outputs[1], -13);  // (-20 + 8 - 15) / 2 = -13.5, up
  EXPECT_EQ(outputs[2], 8);    // (10 - 1 + 6) / 2 = 7.5, up
  EXPECT_EQ(outputs[3], -15);  // (-20 - 10) / 2
}

TEST(MatrixEngineTest, SumsDoNotOverflow) {
  IntegerMatrix matrix;
  matrix.rows = 1;
  matrix.columns = 1000;
  matrix.weights.assign(1000, -32768);
  matrix.bias = {0};
  const std::vector<int16_t> inputs(1000, -32768);
  int16_t output = 0;
  PlainMatrixEngine().Multiply(matrix, Requantization{{1}, {30}, -32768, 32767}, inputs.data(), 1, &output);
  EXPECT_EQ(output, 1000);
}

TEST(MatrixEngineTest, LargestSumIsThatOfTheWorstInputs) {
  IntegerMatrix matrix = TwoByThree();
  matrix.input_minimum = 0;
  matrix.input_maximum = 255;
  // Row 0: 10 + 4 * 255; row 1: 20 + 5 * 255.
  EXPECT_EQ(LargestSum(matrix), 1295);
  matrix.input_minimum = -256;
  // Row 1: -20 - 4 * 256 - 5 * 255.
  EXPECT_EQ(LargestSum(matrix), 20 + 4 * 256 + 5 * 255);
}

}  // namespace
}  // namespace espalier

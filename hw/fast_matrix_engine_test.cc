#include "hw/fast_matrix_engine.h"

#include <algorithm>
#include <vector>

#include "core/random.h"
#include "gtest/gtest.h"
#include "hwy/targets.h"

namespace espalier {
namespace {

struct Case {
  int64_t rows, columns, batch;
  int32_t weight_magnitude, input_minimum, input_maximum;
};

int32_t Between(Random* random, int32_t least, int32_t most) {
  return least + static_cast<int32_t>(random->Below(static_cast<uint32_t>(most - least) + 1));
}

IntegerMatrix RandomMatrix(const Case& c, Random* random) {
  IntegerMatrix matrix;
  matrix.rows = c.rows;
  matrix.columns = c.columns;
  matrix.input_minimum = c.input_minimum;
  matrix.input_maximum = c.input_maximum;
  for (int64_t i = 0; i < c.rows * c.columns; ++i) {
    matrix.weights.push_back(static_cast<int16_t>(Between(random, -c.weight_magnitude, c.weight_magnitude)));
  }
  for (int64_t r = 0; r < c.rows; ++r) matrix.bias.push_back(Between(random, -1000000, 1000000));
  return matrix;
}

// Factors that bring the largest sums to about twice what int16 holds, so that some outputs saturate.
Requantization RandomRequantization(const IntegerMatrix& matrix, Random* random) {
  int shift = 0;
  while (LargestSum(matrix) >> shift > (1 << 18)) ++shift;
  Requantization requantization;
  requantization.minimum = random->Below(2) == 0 ? 0 : -32768;
  requantization.maximum = 32767;
  for (int64_t r = 0; r < matrix.rows; ++r) {
    const int32_t multiplier = Between(random, 1 << 13, 1 << 14);
    requantization.multiplier.push_back(random->Below(4) == 0 ? -multiplier : multiplier);
    requantization.shift.push_back(shift + 13);
  }
  return requantization;
}

void ExpectEqualToPlain(const Case& c) {
  Random random(7, "engine", static_cast<uint32_t>(c.rows), static_cast<uint64_t>(c.columns));
  const IntegerMatrix matrix = RandomMatrix(c, &random);
  const Requantization requantization = RandomRequantization(matrix, &random);
  std::vector<int16_t> inputs(c.batch * c.columns), expected(c.batch * c.rows), found(c.batch * c.rows);
  for (int16_t& input : inputs) input = static_cast<int16_t>(Between(&random, c.input_minimum, c.input_maximum));
  PlainMatrixEngine().Multiply(matrix, requantization, inputs.data(), c.batch, expected.data());
  FastMatrixEngine().Multiply(matrix, requantization, inputs.data(), c.batch, found.data());
  EXPECT_EQ(found, expected) << c.rows << " x " << c.columns << ", batch " << c.batch;
}

// On every vector width that this processor has.
void ExpectEqualOnAllTargets(const Case& c) {
  for (int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    ExpectEqualToPlain(c);
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST(FastMatrixEngineTest, EqualsThePlainOneInEightBits) {
  for (int64_t rows : {1, 7, 16, 33}) {
    for (int64_t columns : {1, 2, 25, 144}) {
      for (int64_t batch : {1, 4, 11}) ExpectEqualOnAllTargets({rows, columns, batch, 127, -128, 127});
    }
  }
  ExpectEqualOnAllTargets({10, 4000, 5, 127, 0, 255});
}

TEST(FastMatrixEngineTest, EqualsThePlainOneInSixteenBits) {
  for (int64_t columns : {1, 2, 9, 100, 801}) {
    ExpectEqualOnAllTargets({19, columns, 6, 32767, -32768, 32767});
    ExpectEqualOnAllTargets({19, columns, 6, 3000, 0, 32767});
  }
}

TEST(FastMatrixEngineTest, ExtremesDoNotOverflow) {
  IntegerMatrix matrix;
  matrix.rows = 2;
  matrix.columns = 64;
  matrix.weights.assign(64, -32768);
  matrix.weights.resize(128, 32767);
  matrix.bias = {0, 0};
  const std::vector<int16_t> inputs(64, -32768);
  const Requantization requantization{{1}, {22}, -32768, 32767};
  int16_t expected[2], found[2];
  PlainMatrixEngine().Multiply(matrix, requantization, inputs.data(), 1, expected);
  FastMatrixEngine().Multiply(matrix, requantization, inputs.data(), 1, found);
  EXPECT_EQ(expected[0], 16384);
  EXPECT_EQ(found[0], expected[0]);
  EXPECT_EQ(found[1], expected[1]);
}

}  // namespace
}  // namespace espalier

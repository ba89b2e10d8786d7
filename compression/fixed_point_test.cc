#include "compression/fixed_point.h"

#include <omp.h>

#include <cmath>

#include "core/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<float> NormalValues(int64_t count, double deviation) {
  std::vector<float> values(count);
  Random random(1, "fixed point", 0, 0);
  for (float& value : values) value = static_cast<float>(deviation * random.Normal());
  return values;
}

// What the rounding must do, in plain double arithmetic.
double Rounded(double value, double unit, int32_t largest) {
  return std::min<double>(std::max<double>(std::nearbyint(value / unit), -largest), largest) * unit;
}

double SumOfErrors(const std::vector<float>& values, double unit, int32_t largest) {
  double sum = 0;
  for (float value : values) sum += std::abs(value - Rounded(value, unit, largest));
  return sum;
}

TEST(FixedPointTest, RoundsToTheNearestTiesToEvenAndSaturates) {
  std::vector<float> values = {0.1f, 0.13f, 0.375f, 0.625f, -0.375f, -0.1f, 5, -5, 1.75f};
  RoundToUnit(0.25f, 7, static_cast<int64_t>(values.size()), values.data());
  EXPECT_THAT(values, ElementsAre(0, 0.25f, 0.5f, 0.5f, -0.5f, 0, 1.75f, -1.75f, 1.75f));
  EXPECT_FALSE(std::signbit(values[5])) << "a pruned weight is +0";
}

TEST(FixedPointTest, RoundsAsThePlainTwinDoes) {
  for (int bits : {2, 4, 8, 16}) {
    const int32_t largest = (1 << (bits - 1)) - 1;
    for (int exponent : {-100, -8, 0, 60}) {
      const double unit = std::ldexp(1.0, exponent);
      // Over the whole range and beyond it, more than one thread takes.
      std::vector<float> values = NormalValues(70'001, unit * largest);
      const std::vector<float> before = values;
      RoundToUnit(static_cast<float>(unit), largest, static_cast<int64_t>(values.size()), values.data());
      for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], Rounded(before[i], unit, largest)) << before[i];
    }
  }
}

TEST(FixedPointTest, TheUnitHasTheLeastSumOfErrors) {
  for (int bits : {2, 3, 8, 16}) {
    const int32_t largest = (1 << (bits - 1)) - 1;
    for (double deviation : {1e-6, 0.02, 300.0}) {
      std::vector<float> values = NormalValues(100'000, deviation);
      values[7] = static_cast<float>(12 * deviation);
      const double unit = ChooseRadixUnit(values, largest);
      int exponent;
      EXPECT_EQ(std::frexp(unit, &exponent), 0.5) << "not a power of two";
      for (int other = exponent - 6; other < exponent + 6; ++other) {
        EXPECT_LE(SumOfErrors(values, unit, largest), (1 + 1e-9) * SumOfErrors(values, std::ldexp(0.5, other), largest))
            << bits << " bits, unit " << unit << " against " << std::ldexp(0.5, other);
      }
    }
  }
}

TEST(FixedPointTest, TheUnitDoesNotDependOnTheNumberOfThreads) {
  const std::vector<float> values = NormalValues(300'001, 0.1);
  omp_set_num_threads(1);
  const float expected = ChooseRadixUnit(values, 127);
  omp_set_num_threads(3);
  EXPECT_EQ(ChooseRadixUnit(values, 127), expected);
}

TEST(FixedPointTest, ValuesThatAreOnTheGridStayAsTheyAre) {
  std::vector<float> values = {127 * 0.125f, -0.125f, 0, 64 * 0.125f};
  EXPECT_EQ(ChooseRadixUnit(values, 127), 0.125f);
  const std::vector<float> before = values;
  RoundToUnit(0.125f, 127, 4, values.data());
  EXPECT_EQ(values, before);
}

TEST(FixedPointTest, ZerosAndExtremes) {
  EXPECT_EQ(ChooseRadixUnit({}, 127), 1);
  EXPECT_EQ(ChooseRadixUnit(std::vector<float>(5, 0.0f), 127), 1);
  for (float value : {1e-45f, 3e38f}) {
    FixedPoint transform(3, 8);
    std::vector<float> values = {value, -value, 0};
    transform.ChooseUnit(values.data());
    transform.Project(values.data());
    for (float rounded : values) EXPECT_TRUE(std::isfinite(rounded)) << value;
    EXPECT_EQ(transform.FindViolation(values.data()), -1) << value;
  }
}

TEST(FixedPointTest, FindsWhatIsOffTheGrid) {
  FixedPoint transform(4, 8);
  std::vector<float> values = {100, 3, -90, 40};
  transform.ChooseUnit(values.data());
  EXPECT_EQ(transform.unit(), 1);
  EXPECT_EQ(transform.FindViolation(values.data()), -1);
  values[2] = -90.5f;
  EXPECT_EQ(transform.FindViolation(values.data()), 2);
  values[2] = 128;
  EXPECT_EQ(transform.FindViolation(values.data()), 2);
  transform.Project(values.data());
  EXPECT_THAT(values, ElementsAre(100, 3, 127, 40));
}

TEST(FixedPointTest, TheGradientPassesStraightThrough) {
  FixedPoint transform(3, 8);
  std::vector<float> gradient(3, 0.3f);
  transform.TransformGradient(gradient.data());
  EXPECT_THAT(gradient, Each(0.3f));
}

}  // namespace
}  // namespace espalier

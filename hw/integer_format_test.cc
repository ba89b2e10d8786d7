#include "hw/integer_format.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

MagnitudeHistogram Of(const std::vector<float>& values) {
  MagnitudeHistogram histogram;
  histogram.Add(values);
  return histogram;
}

TEST(MagnitudeHistogramTest, CountsInBinsThatDouble) {
  const MagnitudeHistogram histogram = Of({0, 0.5f, -3, 1e-3f, 3});
  EXPECT_EQ(histogram.minimum(), -3);
  EXPECT_EQ(histogram.max_magnitude(), 3);
  EXPECT_EQ(histogram.bin_width(), 4.0 / MagnitudeHistogram::kBins);
  EXPECT_EQ(histogram.counts()[static_cast<int>(3 / histogram.bin_width())], 2);
  EXPECT_EQ(histogram.counts()[0], 1);
  EXPECT_EQ(Of({}).max_magnitude(), 0);
  EXPECT_TRUE(Of({0, 0}).counts().empty());
}

TEST(MagnitudeHistogramTest, DoesNotDependOnTheOrder) {
  Random random(1, "histogram", 0, 0);
  std::vector<float> values(5000);
  for (float& value : values) value = random.Normal() * std::exp2(static_cast<float>(random.Below(10)));
  values[17] = NAN;
  values[18] = INFINITY;
  const MagnitudeHistogram whole = Of(values);
  std::sort(values.begin() + 19, values.end());
  MagnitudeHistogram parts;
  for (size_t i = 0; i < values.size(); i += 100) parts.Add(absl::MakeConstSpan(values).subspan(i, 100));
  EXPECT_EQ(parts.counts(), whole.counts());
  EXPECT_EQ(parts.bin_width(), whole.bin_width());
  EXPECT_EQ(parts.minimum(), whole.minimum());
  EXPECT_EQ(parts.max_magnitude(), whole.max_magnitude());
}

TEST(MagnitudeHistogramTest, DenormalsAreNumbersToo) { EXPECT_EQ(Of({1e-42f}).counts()[0], 1); }

TEST(IntegerFormatTest, TheLargestMagnitudeFits) {
  EXPECT_DOUBLE_EQ(ChooseUnit(Of({-2.54f, 1}), 127, UnitChoice::kLargest, false), 2.54f / 127);
  EXPECT_EQ(ChooseUnit(Of({127}), 127, UnitChoice::kLargest, true), 1);
  EXPECT_EQ(ChooseUnit(Of({127.5f}), 127, UnitChoice::kLargest, true), 2);
  EXPECT_EQ(ChooseUnit(Of({0}), 127, UnitChoice::kLargest, true), 1);
  EXPECT_EQ(ChooseUnit(MagnitudeHistogram(-1, 127), 127, UnitChoice::kLeastSquaredError, true), 1);
}

TEST(IntegerFormatTest, LeastSquaresSaturatesRareNumbers) {
  Random random(2, "values", 0, 0);
  std::vector<float> values(20000);
  for (float& value : values) value = random.Normal();
  values.push_back(12);
  for (bool power_of_two : {false, true}) {
    const double largest = ChooseUnit(Of(values), 7, UnitChoice::kLargest, power_of_two);
    const double least = ChooseUnit(Of(values), 7, UnitChoice::kLeastSquaredError, power_of_two);
    EXPECT_LT(least, largest);
    const auto error = [&](double unit) {
      double sum = 0;
      for (float value : values) sum += std::pow(ToInteger(value, unit, {-7, 7}) * unit - value, 2);
      return sum;
    };
    EXPECT_LT(error(least), error(largest));
  }
}

TEST(IntegerFormatTest, IntegersRoundHalvesUpAndSaturate) {
  EXPECT_EQ(ToInteger(0.75, 0.5, {-128, 127}), 2);
  EXPECT_EQ(ToInteger(-0.75, 0.5, {-128, 127}), -1);
  EXPECT_EQ(ToInteger(1e300, 1e-9, {-128, 127}), 127);
  EXPECT_EQ(ToInteger(-INFINITY, 1, {0, 255}), 0);
  EXPECT_EQ(ToInteger(NAN, 1, {-128, 127}), 0);
}

TEST(IntegerFormatTest, FactorsOfPowersOfTwoAreExactShifts) {
  EXPECT_EQ(ToFixedFactor(1, 15).multiplier, 1);
  EXPECT_EQ(ToFixedFactor(1, 15).shift, 0);
  EXPECT_EQ(ToFixedFactor(0x1p-20, 15).multiplier, 1);
  EXPECT_EQ(ToFixedFactor(0x1p-20, 15).shift, 20);
  EXPECT_EQ(ToFixedFactor(-0.25, 15).multiplier, -1);
  EXPECT_EQ(ToFixedFactor(8, 15).multiplier, 8 << ToFixedFactor(8, 15).shift);
}

TEST(IntegerFormatTest, FactorsAreWithinHalfOfTheirLastBit) {
  Random random(3, "factors", 0, 0);
  for (int i = 0; i < 10000; ++i) {
    const double factor = random.Uniform(0.5f, 1.0f) * std::exp2(static_cast<double>(random.Below(55)) - 45);
    const FixedFactor fixed = ToFixedFactor(factor, 15);
    EXPECT_LE(fixed.multiplier, 1 << 15);
    EXPECT_NEAR(std::ldexp(fixed.multiplier, -fixed.shift) / factor, 1, 0x1p-15);
  }
  // Just below a power of two: the multiplier rounds up to one bit more, and gives it back.
  EXPECT_LT(ToFixedFactor(1 - 1e-9, 15).multiplier, 1 << 15);
  EXPECT_EQ(ToFixedFactor(1e-30, 15).multiplier, 1);
  EXPECT_EQ(ToFixedFactor(-1e-30, 15).multiplier, -1);
  EXPECT_EQ(ToFixedFactor(1e-30, 15).shift, 62);
}

}  // namespace
}  // namespace espalier

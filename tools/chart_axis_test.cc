#include "tools/chart_axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Labels(const ChartAxis& axis) {
  std::vector<std::string> labels;
  for (const ChartTick& tick : axis.ticks) labels.push_back(tick.label);
  return labels;
}

TEST(LinearAxis, TicksAreRound) {
  EXPECT_THAT(Labels(LinearAxis(0.03, 2.31, 6, true)), ElementsAre("0.0", "0.5", "1.0", "1.5", "2.0", "2.5"));
  EXPECT_THAT(Labels(LinearAxis(0.5, 30, 7, false)), ElementsAre("5", "10", "15", "20", "25", "30"));
  EXPECT_THAT(Labels(LinearAxis(0.11, 0.982, 5, true, true)), ElementsAre("0%", "50%", "100%"));
  EXPECT_THAT(Labels(LinearAxis(0.983, 0.9921, 5, true, true)), ElementsAre("98.0%", "98.5%", "99.0%", "99.5%"));
  EXPECT_THAT(Labels(LinearAxis(-1, 1, 5, true)), ElementsAre("-1.0", "-0.5", "0.0", "0.5", "1.0"));
  EXPECT_THAT(Labels(LinearAxis(0, 2e8, 3, true)), ElementsAre("0", "1e+08", "2e+08"));
}

TEST(BinaryLogAxis, TicksArePowersOfTwo) {
  const ChartAxis axis = BinaryLogAxis(16, 4096, 10);
  EXPECT_THAT(Labels(axis), ElementsAre("16", "32", "64", "128", "256", "512", "1024", "2048", "4096"));
  EXPECT_EQ(axis.Position(16), 0);
  EXPECT_EQ(axis.Position(256), 0.5);
  EXPECT_EQ(axis.Position(4096), 1);
  EXPECT_THAT(Labels(BinaryLogAxis(3, 1000, 4)), ElementsAre("4", "16", "64", "256"));
  EXPECT_THAT(Labels(BinaryLogAxis(0.25, 1, 4)), ElementsAre("0.25", "0.5", "1"));
  EXPECT_THAT(Labels(BinaryLogAxis(8, 8, 4)), ElementsAre("4", "8", "16"));
}

TEST(LinearAxis, OneValueGetsRoomOnBothSides) {
  for (const double value : {0.0, 5.0, -3.0, 1e-12, 1e30}) {
    const ChartAxis axis = LinearAxis(value, value, 5, true);
    EXPECT_LT(axis.low, value);
    EXPECT_GT(axis.high, value);
    EXPECT_GE(axis.ticks.size(), 2u);
  }
}

TEST(LinearAxis, AnyRangeIsCoveredByFewTicks) {
  Random random(2, "axis", 0, 0);
  for (int i = 0; i < 10000; ++i) {
    const double low = random.Normal() * std::pow(10, random.Uniform(-8, 8));
    const double high = low + std::fabs(random.Normal()) * std::pow(10, random.Uniform(-8, 8));
    const ChartAxis axis = LinearAxis(low, high, 6, true);
    ASSERT_LE(axis.low, low + 1e-5 * (axis.high - axis.low));
    ASSERT_GE(axis.high, high - 1e-5 * (axis.high - axis.low));
    ASSERT_LE(axis.ticks.size(), 8u) << low << " " << high;
    ASSERT_GE(axis.ticks.size(), 2u) << low << " " << high;
  }
}

TEST(LogAxis, TicksArePowersOfTenOrFiner) {
  EXPECT_THAT(Labels(LogAxis(0.0021, 2.3, 6)), ElementsAre("0.001", "0.01", "0.1", "1", "10"));
  EXPECT_THAT(Labels(LogAxis(0.3, 2.3, 6)), ElementsAre("0.2", "0.5", "1", "2", "5"));
  EXPECT_THAT(Labels(LogAxis(1, 1, 6)), ElementsAre("1", "2"));
  EXPECT_THAT(Labels(LogAxis(1e-9, 1, 4)), ElementsAre("1e-09", "1e-06", "0.001", "1"));
  const ChartAxis axis = LogAxis(0.01, 1, 5);
  EXPECT_NEAR(axis.Position(0.1), 0.5, 1e-12);
}

TEST(LogAxis, AnyRangeIsCovered) {
  Random random(3, "axis", 0, 0);
  for (int i = 0; i < 10000; ++i) {
    const double low = std::pow(10, random.Uniform(-12, 6)), high = low * std::pow(10, random.Uniform(0, 12));
    const ChartAxis axis = LogAxis(low, high, 6);
    ASSERT_LE(axis.low, low * 1.00001);
    ASSERT_GE(axis.high, high * 0.99999);
    ASSERT_LT(axis.low, axis.high);
    ASSERT_LE(axis.ticks.size(), 9u) << low << " " << high;
  }
}

TEST(ChartAxis, LabelsValuesFinerThanTicks) {
  EXPECT_EQ(LinearAxis(0, 2.31, 6, true).Label(0.431234), "0.4312");
  EXPECT_EQ(LinearAxis(0, 1, 6, true, true).Label(0.84213), "84.21%");
}

}  // namespace
}  // namespace espalier

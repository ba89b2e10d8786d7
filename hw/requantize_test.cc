#include "hw/requantize.h"

#include <cmath>

#include "core/random.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

TEST(RequantizeTest, HalvesGoUp) {
  const auto half_of = [](int64_t sum) { return RequantizeSum(sum, 1, 1, -100, 100); };
  EXPECT_EQ(half_of(3), 2);
  EXPECT_EQ(half_of(1), 1);
  EXPECT_EQ(half_of(-1), 0);
  EXPECT_EQ(half_of(-3), -1);
  EXPECT_EQ(half_of(-4), -2);
}

TEST(RequantizeTest, ShiftOfNoneIsNoRounding) {
  EXPECT_EQ(RequantizeSum(-7, 3, 0, -100, 100), -21);
  EXPECT_EQ(RequantizeSum(0, 1, 0, -100, 100), 0);
}

TEST(RequantizeTest, Saturates) {
  EXPECT_EQ(RequantizeSum(int64_t{1} << 40, 1, 0, -32768, 32767), 32767);
  EXPECT_EQ(RequantizeSum(-(int64_t{1} << 40), 1, 0, -32768, 32767), -32768);
  EXPECT_EQ(RequantizeSum(-5, 1, 0, 0, 255), 0);
  EXPECT_EQ(RequantizeSum(255 * 2 + 1, 1, 1, 0, 255), 255);
}

TEST(RequantizeTest, HoldsAtTheLargestProducts) {
  const int64_t most = (int64_t{1} << 62) - 1;
  EXPECT_EQ(RequantizeSum(most, 1, 62, -10, 10), 1);
  EXPECT_EQ(RequantizeSum(-most, 1, 62, -10, 10), -1);
  EXPECT_EQ(RequantizeSum(int64_t{1} << 61, 1, 62, -10, 10), 1);
  EXPECT_EQ(RequantizeSum(-(int64_t{1} << 61), 1, 62, -10, 10), 0);
}

TEST(RequantizeTest, RowsHaveTheirOwnFactorsOrShareOne) {
  const Requantization own{{1, 3}, {0, 1}, -100, 100};
  EXPECT_EQ(RequantizeSum(own, 0, 5), 5);
  EXPECT_EQ(RequantizeSum(own, 1, 5), 8);
  const Requantization shared{{3}, {1}, -100, 100};
  EXPECT_EQ(RequantizeSum(shared, 7, 5), 8);
}

TEST(RequantizeTest, IsTheFormulaInRealNumbers) {
  Random random(1, "requantize", 0, 0);
  for (int i = 0; i < 10000; ++i) {
    // 20 and 15 bits: the product is exact in a double.
    const int64_t sum = static_cast<int64_t>(random.Below(1 << 21)) - (1 << 20);
    const int32_t multiplier = 1 + static_cast<int32_t>(random.Below((1 << 15) - 1));
    const int shift = static_cast<int>(random.Below(40));
    const double exact = std::floor(std::ldexp(static_cast<double>(sum * multiplier), -shift) + 0.5);
    EXPECT_EQ(RequantizeSum(sum, multiplier, shift, -32768, 32767), std::clamp(exact, -32768.0, 32767.0));
  }
}

}  // namespace
}  // namespace espalier

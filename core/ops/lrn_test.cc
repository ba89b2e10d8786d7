#include "core/ops/lrn.h"

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

TEST(LrnTest, DividesByTheWindowsSquares) {
  // alpha / size = 1, k = 2, beta = 1.
  const LrnAttributes attributes{3, 3, 1, 2};
  const auto values = ReferenceValues(LrnOp(attributes), {F32({1, 4, 1, 1}, {1, 2, 3, 4})});
  EXPECT_THAT(values[0], ElementsAre(1.0f / 7, 2.0f / 16, 3.0f / 31, 4.0f / 27));
}

TEST(LrnTest, WindowsMustHaveACentre) {
  EXPECT_EQ(ShapeError(LrnOp({4}), {{DType::kF32, {1, 8, 2, 2}}}),
            "lrn: size must be odd, so that the window is centred, got 4");
  EXPECT_EQ(ShapeError(LrnOp({5}), {{DType::kF32, {1, 8}}}), "lrn expects 4 dimensions, got [1, 8]");
}

}  // namespace
}  // namespace espalier

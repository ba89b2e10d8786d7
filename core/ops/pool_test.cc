#include "core/ops/pool.h"

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

PoolAttributes Attributes(bool max, int64_t kernel, int64_t stride, int64_t pad, bool ceil = false) {
  return {max, kernel, kernel, stride, stride, pad, pad, ceil};
}

TEST(PoolTest, OutputSizes) {
  EXPECT_EQ(PoolOutputSize(112, 3, 2, 0, false), 55);
  EXPECT_EQ(PoolOutputSize(112, 3, 2, 0, true), 56);
  EXPECT_EQ(PoolOutputSize(112, 3, 2, 1, false), 56);
  EXPECT_EQ(PoolOutputSize(24, 2, 2, 0, true), 12);
  // Rounded up there would be three windows, but the third would start at 4 = input + pad: past the input.
  EXPECT_EQ(PoolOutputSize(3, 2, 2, 1, true), 2);
  EXPECT_EQ(PoolOutputSize(2, 3, 2, 0, true), 0);
}

TEST(PoolTest, MaximumAndItsFirstPosition) {
  const Tensor x = F32({1, 1, 3, 3}, {1, 5, 5, 0, 5, 2, -3, -1, -2});
  const auto values = ReferenceValues(PoolOp(Attributes(true, 2, 1, 0), true), {x});
  EXPECT_THAT(values[0], ElementsAre(5, 5, 5, 5));
  EXPECT_THAT(values[1], ElementsAre(1, 1, 4, 4));
  EXPECT_EQ(ReferenceValues(PoolOp(Attributes(true, 2, 1, 0), false), {x}).size(), 1u);
}

TEST(PoolTest, PaddingIsNeverTheMaximum) {
  const Tensor x = F32({1, 1, 2, 2}, {-1, -2, -3, -4});
  const auto values = ReferenceValues(PoolOp(Attributes(true, 2, 2, 1), true), {x});
  EXPECT_THAT(values[0], ElementsAre(-1, -2, -3, -4));
  EXPECT_THAT(values[1], ElementsAre(0, 1, 2, 3));
}

TEST(PoolTest, AverageDivisors) {
  const Tensor x = F32({1, 1, 1, 4}, {4, 8, 12, 24});
  PoolAttributes attributes{false, 1, 3, 1, 2, 0, 1};
  EXPECT_THAT(ReferenceValues(PoolOp(attributes, true), {x})[0], ElementsAre(6, 44.0f / 3));
  attributes.count_padding = true;
  EXPECT_THAT(ReferenceValues(PoolOp(attributes, true), {x})[0], ElementsAre(4, 44.0f / 3));
  attributes.ceil = true;  // the third window covers 24 and one padded position, and hangs over by one
  EXPECT_THAT(ReferenceValues(PoolOp(attributes, true), {x})[0], ElementsAre(4, 44.0f / 3, 12));
}

TEST(PoolTest, MaximumGradientsAddUpWhereWindowsOverlap) {
  const Tensor dy = F32({1, 1, 1, 3}, {1, 2, 4}), argmax = Tensor::Of<int32_t>({1, 1, 1, 3}, {1, 1, 3});
  const PoolAttributes attributes{true, 1, 2, 1, 1};
  EXPECT_THAT(ReferenceValues(PoolBackwardOp(attributes, {1, 1, 1, 4}), {dy, argmax})[0], ElementsAre(0, 3, 0, 4));
}

TEST(PoolTest, ExplainsShapesThatDoNotFit) {
  EXPECT_EQ(ShapeError(PoolOp(Attributes(true, 3, 2, 0), true), {{DType::kF32, {2, 8, 2, 2}}}),
            "max_pool: the kernel 3x3 does not fit the input [2, 8, 2, 2] with pad 0x0");
  EXPECT_EQ(ShapeError(PoolOp(Attributes(false, 3, 2, 3), true), {{DType::kF32, {2, 8, 9, 9}}}),
            "average_pool: pad 3x3 must be smaller than the kernel 3x3");
  EXPECT_EQ(ShapeError(PoolBackwardOp(Attributes(false, 2, 2, 0), {2, 8, 8, 8}), {{DType::kF32, {2, 8, 5, 4}}}),
            "average_pool_backward of input [2, 8, 8, 8] expects an output gradient [2, 8, 4, 4], got f32[2, 8, 5, 4]");
  EXPECT_THAT(ShapeError(PoolOp(Attributes(true, 2, 2, 0), true), {{DType::kS32, {2, 8, 9, 9}}}),
              HasSubstr("s32[2, 8, 9, 9]"));
}

}  // namespace
}  // namespace espalier

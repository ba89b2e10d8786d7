#include "core/ops/batch_norm.h"

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;

// Channel 0 has mean 3 and variance 4; channel 1 mean 10 and variance 1.
Tensor Data() { return F32({2, 2, 1, 2}, {1, 5, 9, 11, 5, 1, 11, 9}); }

TEST(BatchNormTest, NormalizesEachChannel) {
  const auto values = ReferenceValues(BatchNormTrainOp(0, false), {Data(), F32({2}, {1, 3}), F32({2}, {0, 0.5f})});
  EXPECT_THAT(values[0], ElementsAre(-1, 1, -2.5, 3.5, 1, -1, 3.5, -2.5));
  EXPECT_THAT(values[1], ElementsAre(3, 10));
  EXPECT_THAT(values[2], ElementsAre(4, 1));
}

TEST(BatchNormTest, AddsTheResidualBeforeRelu) {
  const Tensor residual = F32({2, 2, 1, 2}, {2, -2, 0, 0, 0, 0, 0, 0});
  const auto values =
      ReferenceValues(BatchNormTrainOp(0, true), {Data(), F32({2}, {1, 1}), F32({2}, {0, 0}), residual});
  EXPECT_THAT(values[0], ElementsAre(1, 0, 0, 1, 1, 0, 1, 0));
}

TEST(BatchNormTest, InferenceUsesTheGivenStatistics) {
  const auto values = ReferenceValues(
      BatchNormInferenceOp(0.25f, false),
      {F32({1, 2}, {3, 4}), F32({2}, {2, 1}), F32({2}, {0, 1}), F32({2}, {1, 4}), F32({2}, {3.75f, 0})});
  EXPECT_THAT(values[0], ElementsAre(2, 1));
}

TEST(BatchNormTest, EpsilonStandsUnderTheRoot) {
  const auto values = ReferenceValues(BatchNormTrainOp(12, false), {Data(), F32({2}, {1, 1}), F32({2}, {0, 0})});
  EXPECT_THAT(values[0][0], FloatEq(-0.5));
}

TEST(BatchNormTest, MovingAverageCorrectsTheBias) {
  EXPECT_THAT(ReferenceValues(MovingAverageOp(0.75f, 1.5f), {F32({2}, {4, 0}), F32({2}, {8, 1})})[0],
              ElementsAre(6, 0.375));
}

TEST(BatchNormTest, ExplainsShapesThatDoNotFit) {
  const TensorType x{DType::kBF16, {8, 16, 4, 4}}, c{DType::kF32, {16}}, wrong{DType::kF32, {8}};
  EXPECT_EQ(ShapeError(BatchNormTrainOp(1e-5f, false), {x, c, wrong}),
            "batch_norm_train expects shift f32[16] beside bf16[8, 16, 4, 4], got f32[8]");
  EXPECT_THAT(ShapeError(BatchNormTrainOp(1e-5f, false), {x, c, c, {DType::kBF16, {8, 16, 2, 2}}}),
              HasSubstr("bf16[8, 16, 4, 4] and bf16[8, 16, 2, 2]"));
  EXPECT_THAT(ShapeError(BatchNormBackwardOp(1e-5f, true, false), {x, x, c, c, c}), HasSubstr("takes 6 inputs, got 5"));
  EXPECT_THAT(ShapeError(BatchNormInferenceOp(1e-5f, true), {x, c, c, wrong, c}), HasSubstr("expects mean f32[16]"));
  EXPECT_THAT(ShapeError(BatchNormTrainOp(1e-5f, false), {{DType::kS32, {8, 16}}, c, c}), HasSubstr("s32[8, 16]"));
}

}  // namespace
}  // namespace espalier

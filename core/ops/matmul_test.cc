#include "core/ops/matmul.h"

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

TEST(MatMulTest, TransposesEitherFactor) {
  const Tensor a = F32({2, 3}, {1, 2, 3, 4, 5, 6}), a_transposed = F32({3, 2}, {1, 4, 2, 5, 3, 6});
  const Tensor b = F32({3, 2}, {1, 0, 0, 1, 2, -2}), b_transposed = F32({2, 3}, {1, 0, 2, 0, 1, -2});
  const auto product = ElementsAre(7, -4, 16, -7);
  EXPECT_THAT(ReferenceValues(MatMulOp(false, false), {a, b})[0], product);
  EXPECT_THAT(ReferenceValues(MatMulOp(true, false), {a_transposed, b})[0], product);
  EXPECT_THAT(ReferenceValues(MatMulOp(false, true), {a, b_transposed})[0], product);
  EXPECT_THAT(ReferenceValues(MatMulOp(true, true), {a_transposed, b_transposed})[0], product);
  EXPECT_THAT(ReferenceValues(MatMulOp(false, false, true), {a, b, F32({2}, {0.5f, 5})})[0],
              ElementsAre(7.5, 1, 16.5, 0));
}

TEST(MatMulTest, F32OutputOfHalfInputs) {
  const TensorType a{DType::kF16, {5, 3}}, b{DType::kF16, {5, 2}};
  EXPECT_THAT(*MatMulOp(true, false).InferTypes({a, b}), ElementsAre(TensorType{DType::kF16, {3, 2}}));
  EXPECT_THAT(*MatMulOp(true, false, false, true).InferTypes({a, b}), ElementsAre(TensorType{DType::kF32, {3, 2}}));
}

TEST(MatMulTest, ExplainsShapesThatDoNotFit) {
  const TensorType a{DType::kF32, {64, 800}}, b{DType::kF32, {500, 784}};
  EXPECT_EQ(ShapeError(MatMulOp(false, true), {a, b}),
            "matmul: f32[64, 800] has 800 columns, but f32[500, 784] transposed has 784 rows; these must be equal");
  EXPECT_EQ(ShapeError(MatMulOp(false, true), {{DType::kF32, {64, 784, 1}}, b}),
            "matmul expects 2 dimensions, got [64, 784, 1]");
  EXPECT_EQ(ShapeError(MatMulOp(false, true), {{DType::kF32, {64, 784}}, b, {DType::kF32, {784}}}),
            "matmul expects bias f32[500] beside f32[500, 784], got f32[784]");
}

TEST(MatMulTest, CountsMultiplyAccumulates) {
  const TensorType a{DType::kF32, {784, 64}}, b{DType::kF32, {784, 300}}, bias{DType::kF32, {300}};
  const MatMulOp op(true, false, true);
  const Cost cost = op.CostOf({a, b, bias}, *op.InferTypes({a, b, bias}));
  EXPECT_EQ(cost.macs, 64 * 784 * 300);
  EXPECT_EQ(cost.flops, 2 * cost.macs + 2 * 64 * 300);
  EXPECT_EQ(cost.bytes, 4 * (64 * 784 + 784 * 300 + 300 + 64 * 300));
}

TEST(BiasTest, AddsAndSumsPerChannel) {
  const Tensor x = F32({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(ReferenceValues(BiasAddOp(), {x, F32({2}, {10, -1})})[0], ElementsAre(10, 11, 1, 2, 14, 15, 5, 6));
  EXPECT_THAT(ReferenceValues(BiasGradientOp(), {x})[0], ElementsAre(0 + 1 + 4 + 5, 2 + 3 + 6 + 7));
  EXPECT_EQ(ShapeError(BiasAddOp(), {{DType::kF32, {2, 2, 2}}, {DType::kF32, {3}}}),
            "bias_add expects bias f32[2] beside f32[2, 2, 2], got f32[3]");
}

}  // namespace
}  // namespace espalier

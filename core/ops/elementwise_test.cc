#include "core/ops/elementwise.h"

#include <cmath>
#include <limits>

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> Evaluate(const Operator& op, const std::vector<Tensor>& inputs) {
  return ReferenceValues(op, inputs)[0];
}

Tensor Vector(const std::vector<float>& values) { return F32({static_cast<int64_t>(values.size())}, values); }

TEST(ElementwiseTest, BinaryOperators) {
  const Tensor a = Vector({1, -2, 3}), b = Vector({10, 1, -5});
  EXPECT_THAT(Evaluate(AddOp(), {a, b}), ElementsAre(11, -1, -2));
  EXPECT_THAT(Evaluate(AddOp(true), {a, b}), ElementsAre(11, 0, 0));
  EXPECT_THAT(Evaluate(MultiplyOp(), {a, b}), ElementsAre(10, -2, -15));
  EXPECT_THAT(Evaluate(ScaleOp(), {a, Tensor::Of<float>({}, {0.5f})}), ElementsAre(0.5, -1, 1.5));
}

TEST(ElementwiseTest, Activations) {
  const Tensor x = Vector({-2, 0, 3});
  EXPECT_THAT(Evaluate(ActivationOp(Activation::kRelu), {x}), ElementsAre(0, 0, 3));
  EXPECT_THAT(Evaluate(ActivationOp(Activation::kLeakyRelu, 0.25f), {x}), ElementsAre(-0.5, 0, 3));
  EXPECT_THAT(Evaluate(ActivationOp(Activation::kSigmoid), {Vector({0})}), ElementsAre(0.5));
  EXPECT_THAT(Evaluate(ActivationOp(Activation::kTanh), {Vector({0})}), ElementsAre(0));
}

TEST(ElementwiseTest, ReluKeepsNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(Evaluate(ActivationOp(Activation::kRelu), {Vector({nan})})[0]));
}

TEST(ElementwiseTest, ActivationGradientsFollowFromTheOutput) {
  const Tensor y = Vector({-1, 0, 0.5f}), dy = Vector({8, 8, 8});
  EXPECT_THAT(Evaluate(ActivationBackwardOp(Activation::kRelu), {y, dy}), ElementsAre(0, 0, 8));
  EXPECT_THAT(Evaluate(ActivationBackwardOp(Activation::kLeakyRelu, 0.25f), {y, dy}), ElementsAre(2, 2, 8));
  EXPECT_THAT(Evaluate(ActivationBackwardOp(Activation::kSigmoid), {y, dy}), ElementsAre(-16, 0, 2));
  EXPECT_THAT(Evaluate(ActivationBackwardOp(Activation::kTanh), {y, dy}), ElementsAre(0, 8, 6));
}

TEST(ElementwiseTest, CastRoundsToNearestEven) {
  const Tensor x = Vector({1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 65519});
  const Tensor bf16(DType::kBF16, {3}), f16(DType::kF16, {3});
  CastOp(DType::kBF16).Reference({x}, {bf16}, {});
  EXPECT_THAT(Evaluate(CastOp(DType::kF32), {bf16}), ElementsAre(1, 1 + 4 * 0x1p-8f, 65536));
  CastOp(DType::kF16).Reference({x}, {f16}, {});
  EXPECT_THAT(Evaluate(CastOp(DType::kF32), {f16}), ElementsAre(1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 65504));
}

TEST(ElementwiseTest, ShapeRulesNameBothTypes) {
  const TensorType a{DType::kF32, {2, 3}}, b{DType::kF32, {3, 2}}, s{DType::kS32, {2, 3}};
  EXPECT_THAT(ShapeError(AddOp(), {a, b}), AllOf(HasSubstr("f32[2, 3]"), HasSubstr("f32[3, 2]")));
  EXPECT_THAT(ShapeError(MultiplyOp(), {a}), HasSubstr("takes 2 inputs, got 1"));
  EXPECT_THAT(ShapeError(ScaleOp(), {a, b}), AllOf(HasSubstr("f32[2, 3]"), HasSubstr("f32[3, 2]")));
  EXPECT_THAT(ShapeError(ActivationOp(Activation::kTanh), {s}), HasSubstr("tanh expects elements of type"));
  EXPECT_THAT(ShapeError(ActivationOp(Activation::kLeakyRelu, 0), {a}), HasSubstr("positive slope, got 0"));
  EXPECT_THAT(ShapeError(CastOp(DType::kS8), {a}), HasSubstr("got s8"));
}

TEST(ElementwiseTest, CostCountsOperationsAndBytes) {
  const TensorType half{DType::kBF16, {4, 5}};
  const Cost cost = AddOp(true).CostOf({half, half}, {half});
  EXPECT_EQ(cost.macs, 0);
  EXPECT_EQ(cost.flops, 40);
  EXPECT_EQ(cost.bytes, 120);
}

}  // namespace
}  // namespace espalier

#include "core/ops/convolution.h"

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ConvolutionAttributes Attributes(int64_t stride, int64_t pad, int64_t dilation = 1, int64_t groups = 1) {
  return {stride, stride, pad, pad, dilation, dilation, groups};
}

TensorType F32Type(Shape shape) { return {DType::kF32, shape}; }

TEST(ConvolutionTest, OutputSizes) {
  EXPECT_EQ(ConvolutionOutputSize(224, 7, 2, 3, 1), 112);
  EXPECT_EQ(ConvolutionOutputSize(32, 3, 1, 1, 1), 32);
  EXPECT_EQ(ConvolutionOutputSize(7, 3, 1, 0, 3), 1);
  EXPECT_LT(ConvolutionOutputSize(6, 3, 1, 0, 3), 1);
  EXPECT_LT(ConvolutionOutputSize(2, 3, 2, 0, 1), 1);
}

TEST(ConvolutionTest, SlidesTheKernel) {
  const Tensor x = F32({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Tensor weights = F32({1, 1, 2, 2}, {1, 0, 0, -1}), bias = F32({1}, {4.5f});
  EXPECT_THAT(ReferenceValues(ConvolutionOp(Attributes(1, 0)), {x, weights})[0], ElementsAre(-4, -4, -4, -4));
  EXPECT_THAT(ReferenceValues(ConvolutionOp(Attributes(1, 0)), {x, weights, bias})[0], ElementsAre(0.5, 0.5, 0.5, 0.5));
  EXPECT_THAT(ReferenceValues(ConvolutionOp(Attributes(1, 0), true), {x, weights})[0], ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(ReferenceValues(ConvolutionOp(Attributes(2, 1)), {x, weights})[0], ElementsAre(-1, -3, -7, -4));
  EXPECT_THAT(ReferenceValues(ConvolutionOp(Attributes(1, 0, 2)), {x, weights})[0], ElementsAre(-8));
}

TEST(ConvolutionTest, GroupsSeeTheirOwnChannels) {
  const Tensor x = F32({1, 4, 1, 1}, {1, 10, 100, 1000});
  const Tensor weights = F32({2, 2, 1, 1}, {1, 2, 3, 4});
  EXPECT_THAT(ReferenceValues(ConvolutionOp(Attributes(1, 0, 1, 2)), {x, weights})[0], ElementsAre(21, 4300));
}

TEST(ConvolutionTest, ExplainsShapesThatDoNotFit) {
  const ConvolutionOp op(Attributes(1, 0));
  EXPECT_EQ(ShapeError(op, {F32Type({8, 3, 32, 32}), F32Type({64, 4, 3, 3})}),
            "convolution: weights for 4 input channels per group, but the input has 3 channels in 1 group (input "
            "[8, 3, 32, 32], weights [64, 4, 3, 3])");
  EXPECT_EQ(ShapeError(op, {F32Type({8, 3, 2, 32}), F32Type({64, 3, 3, 3})}),
            "convolution: the kernel 3x3 with dilation 1x1 does not fit the input 2x32 with pad 0x0 (input "
            "[8, 3, 2, 32], weights [64, 3, 3, 3])");
  EXPECT_THAT(ShapeError(ConvolutionOp(Attributes(1, 0, 1, 2)), {F32Type({8, 3, 9, 9}), F32Type({64, 1, 3, 3})}),
              HasSubstr("2 groups must divide 3 input channels and 64 output channels"));
  EXPECT_THAT(ShapeError(op, {F32Type({8, 3, 9}), F32Type({64, 3, 3, 3})}), HasSubstr("[8, 3, 9]"));
  EXPECT_THAT(ShapeError(op, {F32Type({8, 3, 9, 9}), {DType::kBF16, {64, 3, 3, 3}}}),
              HasSubstr("f32[8, 3, 9, 9] and bf16[64, 3, 3, 3]"));
  EXPECT_THAT(ShapeError(op, {F32Type({8, 3, 9, 9}), F32Type({64, 3, 3, 3}), F32Type({63})}),
              HasSubstr("bias f32[64] beside f32[64, 3, 3, 3], got f32[63]"));
  EXPECT_THAT(ShapeError(op, {F32Type({8, 3, 9, 9})}), HasSubstr("2 to 3 inputs, got 1"));
  EXPECT_THAT(ShapeError(ConvolutionOp(Attributes(0, 0)), {F32Type({8, 3, 9, 9}), F32Type({64, 3, 3, 3})}),
              HasSubstr("stride must be at least 1, got 0x0"));
}

TEST(ConvolutionTest, BackwardOperatorsExpectTheForwardsOutputShape) {
  const Shape x = {2, 3, 9, 9}, weights = {4, 3, 3, 3};
  EXPECT_EQ(ShapeError(ConvolutionBackwardDataOp(Attributes(2, 1), x), {F32Type({2, 4, 9, 9}), F32Type(weights)}),
            "convolution_backward_data expects an output gradient [2, 4, 5, 5], got f32[2, 4, 9, 9]");
  EXPECT_EQ(
      ShapeError(ConvolutionBackwardWeightsOp(Attributes(2, 1), weights, false), {F32Type(x), F32Type({2, 5, 5, 5})}),
      "convolution_backward_weights expects an output gradient [2, 4, 5, 5], got f32[2, 5, 5, 5]");
}

TEST(ConvolutionTest, WeightGradientsAreF32WhateverTheDataType) {
  const ConvolutionBackwardWeightsOp op(Attributes(1, 0), {4, 3, 3, 3}, true);
  const auto types = op.InferTypes({{DType::kBF16, {2, 3, 9, 9}}, {DType::kBF16, {2, 4, 7, 7}}});
  ASSERT_TRUE(types.ok()) << types.status();
  EXPECT_THAT(*types, ElementsAre(F32Type({4, 3, 3, 3}), F32Type({4})));
}

TEST(ConvolutionTest, AttributesForPeople) {
  EXPECT_EQ(ConvolutionOp(Attributes(1, 0)).Attributes(), "stride 1x1");
  EXPECT_EQ(ConvolutionOp({2, 1, 1, 0, 3, 3, 2}, true).Attributes(), "stride 2x1 pad 1x0 dilation 3x3 groups 2 relu");
}

// The first layer of AlexNet: 105,415,200 multiply-accumulates per image.
TEST(ConvolutionTest, CountsMultiplyAccumulatesAndBytes) {
  const TensorType x{DType::kBF16, {1, 3, 227, 227}}, weights{DType::kBF16, {96, 3, 11, 11}};
  const ConvolutionOp op(Attributes(4, 0));
  const auto y = op.InferTypes({x, weights});
  ASSERT_TRUE(y.ok()) << y.status();
  const Cost cost = op.CostOf({x, weights}, *y);
  EXPECT_EQ(cost.macs, 105415200);
  EXPECT_EQ(cost.flops, 2 * cost.macs);
  EXPECT_EQ(cost.bytes, 2 * (3 * 227 * 227 + 96 * 3 * 11 * 11 + 96 * 55 * 55));
}

}  // namespace
}  // namespace espalier

#include "core/ops/loss.h"

#include <cmath>
#include <limits>

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<float> Values(const Tensor& tensor) { return {tensor.span<float>().begin(), tensor.span<float>().end()}; }

TEST(SoftmaxTest, NormalisesOverDimensionOneWithoutOverflow) {
  const Tensor x = Tensor::Of<float>({1, 2, 2}, {1000, 0, 1000, std::log(3.f)});
  EXPECT_THAT(Values(RunReference(SoftmaxOp(), {x})[0]), Pointwise(FloatNear(1e-6f), {0.5f, 0.25f, 0.5f, 0.75f}));
}

TEST(SoftmaxCrossEntropyTest, SumsOverLabelledRows) {
  const Tensor logits = Tensor::Of<float>({3, 2}, {0, std::log(3.f), 5, 5, 7, -7});
  const Tensor labels = Tensor::Of<int32_t>({3}, {1, 0, -1});
  const std::vector<Tensor> outputs = RunReference(SoftmaxCrossEntropyOp(0), {logits, labels});
  EXPECT_NEAR(*outputs[0].data<float>(), -std::log(0.75f) - std::log(0.5f), 1e-6f);
  const Tensor dloss = Tensor::Of<float>({}, {2});
  const Tensor gradient = RunReference(SoftmaxCrossEntropyBackwardOp(0, DType::kF32), {outputs[1], labels, dloss})[0];
  EXPECT_THAT(Values(gradient), Pointwise(FloatNear(1e-6f), {0.5f, -0.5f, -1.f, 1.f, 0.f, 0.f}));
}

TEST(SoftmaxCrossEntropyTest, SmoothingSpreadsTheTarget) {
  const Tensor logits = Tensor::Of<float>({1, 2}, {0, std::log(3.f)});
  const Tensor labels = Tensor::Of<int32_t>({1}, {1});
  const std::vector<Tensor> outputs = RunReference(SoftmaxCrossEntropyOp(0.2f), {logits, labels});
  EXPECT_NEAR(*outputs[0].data<float>(), -0.9f * std::log(0.75f) - 0.1f * std::log(0.25f), 1e-6f);
}

TEST(MeanSquaredErrorTest, ComparesWithTheOneHotLabel) {
  const Tensor x = Tensor::Of<float>({2, 2}, {1, 3, 4, 4}), labels = Tensor::Of<int32_t>({2}, {0, -1});
  EXPECT_THAT(Values(RunReference(MeanSquaredErrorOp(), {x, labels})[0]), ElementsAre(4.5f));
  const Tensor dloss = Tensor::Of<float>({}, {1});
  EXPECT_THAT(Values(RunReference(MeanSquaredErrorBackwardOp(), {x, labels, dloss})[0]), ElementsAre(0, 3, 0, 0));
}

TEST(CountCorrectTest, TiesGoToTheLowerClassAndNaNIsWrong) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor scores = Tensor::Of<float>({4, 7}, {1,   1, 0, 0, 0, 0, 0,  //
                                                   1,   1, 0, 0, 0, 0, 0,  //
                                                   9,   8, 7, 6, 5, 4, 0,  //
                                                   nan, 1, 1, 1, 1, 1, 1});
  const auto count = [&](std::vector<int32_t> labels) {
    return Values(RunReference(CountCorrectOp(), {scores, Tensor::Of<int32_t>({4}, labels)})[0]);
  };
  EXPECT_THAT(count({0, 1, 4, 0}), ElementsAre(4, 1, 3));
  EXPECT_THAT(count({-1, -1, 5, -1}), ElementsAre(1, 0, 0));
}

TEST(LossTest, ShapeRulesNameBothTypes) {
  const TensorType scores{DType::kF32, {8, 10}}, labels{DType::kS32, {7}};
  EXPECT_THAT(ShapeError(SoftmaxCrossEntropyOp(0), {scores, labels}),
              AllOf(HasSubstr("f32[8, 10]"), HasSubstr("s32[7]")));
  EXPECT_THAT(ShapeError(SoftmaxCrossEntropyOp(1), {scores, {DType::kS32, {8}}}), HasSubstr("[0, 1), got 1"));
  EXPECT_THAT(ShapeError(CountCorrectOp(), {scores, labels}), HasSubstr("s32[7]"));
  EXPECT_THAT(ShapeError(MeanSquaredErrorBackwardOp(), {scores, {DType::kS32, {8}}, scores}), HasSubstr("f32[8, 10]"));
  EXPECT_THAT(ShapeError(SoftmaxOp(), {{DType::kF32, {8}}}), HasSubstr("f32[8]"));
}

TEST(LossDeathTest, RefusesALabelBeyondTheClasses) {
  const Tensor logits(DType::kF32, {1, 2}), labels = Tensor::Of<int32_t>({1}, {2});
  EXPECT_DEATH(RunReference(SoftmaxCrossEntropyOp(0), {logits, labels}), "label 2 in row 0 of 2 classes");
}

}  // namespace
}  // namespace espalier

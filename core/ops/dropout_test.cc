#include "core/ops/dropout.h"

#include <algorithm>
#include <numeric>

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

std::vector<float> Drop(const DropoutOp& op, std::vector<int32_t> ids, int64_t elements, StepContext step) {
  const Tensor x(DType::kF32, {static_cast<int64_t>(ids.size()), elements});
  for (float& value : x.span<float>()) value = 1;
  const Tensor y = RunReference(op, {x, Tensor::Of<int32_t>({x.shape()[0]}, ids)}, step)[0];
  return {y.span<float>().begin(), y.span<float>().end()};
}

TEST(DropoutTest, KeepsTheMeanAndDropsAtTheRate) {
  const std::vector<float> y = Drop(DropoutOp(0.25f, "dropout/fc"), {3}, 100000, {});
  EXPECT_NEAR(std::accumulate(y.begin(), y.end(), 0.0) / 100000, 1, 0.01);
  EXPECT_NEAR(std::count(y.begin(), y.end(), 0.f) / 1e5, 0.25, 0.01);
}

TEST(DropoutTest, TheMaskBelongsToTheSampleNotToItsPlace) {
  const DropoutOp op(0.5f, "dropout/fc");
  const std::vector<float> pair = Drop(op, {7, 9}, 70, {}), alone = Drop(op, {9}, 70, {});
  EXPECT_EQ(std::vector<float>(pair.begin() + 70, pair.end()), alone);
  EXPECT_NE(std::vector<float>(pair.begin(), pair.begin() + 70), alone);
}

TEST(DropoutTest, SeedEpochAndPurposeEachChangeTheMask) {
  const DropoutOp op(0.5f, "dropout/fc6");
  const std::vector<float> y = Drop(op, {1}, 64, {1, 0});
  EXPECT_EQ(Drop(op, {1}, 64, {1, 0}), y);
  EXPECT_NE(Drop(op, {1}, 64, {2, 0}), y);
  EXPECT_NE(Drop(op, {1}, 64, {1, 1}), y);
  EXPECT_NE(Drop(DropoutOp(0.5f, "dropout/fc7"), {1}, 64, {1, 0}), y);
}

TEST(DropoutTest, ShapeRule) {
  const TensorType x{DType::kF32, {4, 10}};
  const auto message = [&](float rate, const TensorType& ids) { return ShapeError(DropoutOp(rate, "d"), {x, ids}); };
  EXPECT_EQ(DropoutOp(0, "d").InferTypes({x, {DType::kS32, {4}}}).value()[0], x);
  EXPECT_THAT(message(0.5f, {DType::kS32, {5}}), AllOf(HasSubstr("f32[4, 10]"), HasSubstr("s32[5]")));
  EXPECT_THAT(message(1, {DType::kS32, {4}}), HasSubstr("[0, 1), got 1"));
}

}  // namespace
}  // namespace espalier

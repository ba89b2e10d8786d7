#include "core/ops/structure.h"

#include <numeric>

#include "core/ops/operator_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Tensor Evaluate(const Operator& op, const std::vector<Tensor>& inputs) { return RunReference(op, inputs)[0]; }

std::vector<float> Values(const Tensor& tensor) { return {tensor.span<float>().begin(), tensor.span<float>().end()}; }

// 0, 1, 2, ...
Tensor Iota(Shape shape) {
  const Tensor tensor(DType::kF32, shape);
  std::iota(tensor.span<float>().begin(), tensor.span<float>().end(), 0.f);
  return tensor;
}

TEST(StructureTest, ConcatJoinsAlongItsAxis) {
  const Tensor a = Iota({2, 1, 2}), b = Tensor::Of<float>({2, 2, 2}, {10, 11, 12, 13, 14, 15, 16, 17});
  EXPECT_THAT(Values(Evaluate(ConcatOp(1), {a, b})), ElementsAre(0, 1, 10, 11, 12, 13, 2, 3, 14, 15, 16, 17));
}

TEST(StructureTest, SliceAndItsAdjoint) {
  const Tensor slice = Evaluate(SliceOp(1, 1, 2), {Iota({2, 4})});
  EXPECT_THAT(Values(slice), ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(Values(Evaluate(SliceBackwardOp(1, 1, {2, 4}), {slice})), ElementsAre(0, 1, 2, 0, 0, 5, 6, 0));
}

TEST(StructureTest, MovesElementsOfAnyType) {
  const Tensor x = Tensor::Of<int8_t>({2, 2}, {1, 2, 3, 4});
  const Tensor y = Evaluate(TransposeOp({1, 0}), {x});
  EXPECT_THAT(y.span<int8_t>(), ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(Evaluate(ReshapeOp({4}), {x}).span<int8_t>(), ElementsAre(1, 2, 3, 4));
}

TEST(StructureTest, TransposeOutputDimensionIsInputDimensionOfTheOrder) {
  const Tensor y = Evaluate(TransposeOp({2, 0, 1}), {Iota({2, 1, 3})});
  EXPECT_EQ(y.shape(), (Shape{3, 2, 1}));
  EXPECT_THAT(Values(y), ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(StructureTest, ReduceAndItsAdjoint) {
  const Tensor x = Iota({2, 2, 2});
  EXPECT_THAT(Values(Evaluate(ReduceOp(Reduction::kSum, {0, 2}), {x})), ElementsAre(10, 18));
  EXPECT_THAT(Values(Evaluate(ReduceOp(Reduction::kMean, {1}), {x})), ElementsAre(1, 2, 5, 6));
  EXPECT_EQ(Evaluate(ReduceOp(Reduction::kSum, {0, 1, 2}), {x}).shape(), Shape{});
  const Tensor dy = Tensor::Of<float>({2}, {4, 8});
  EXPECT_THAT(Values(Evaluate(BroadcastOp(Reduction::kSum, {1}, {2, 2}), {dy})), ElementsAre(4, 4, 8, 8));
  EXPECT_THAT(Values(Evaluate(BroadcastOp(Reduction::kMean, {0}, {2, 2}), {dy})), ElementsAre(2, 4, 2, 4));
}

TEST(StructureTest, GatherAndItsGroupedSum) {
  const Tensor table = Iota({3, 2}), indices = Tensor::Of<int32_t>({4}, {2, 0, 2, 2});
  const Tensor rows = Evaluate(GatherOp(), {table, indices});
  EXPECT_EQ(rows.shape(), (Shape{4, 2}));
  EXPECT_THAT(Values(rows), ElementsAre(4, 5, 0, 1, 4, 5, 4, 5));
  EXPECT_THAT(Values(Evaluate(GatherBackwardOp({3, 2}), {rows, indices})), ElementsAre(0, 1, 0, 0, 12, 15));
}

TEST(StructureTest, ShapeRulesNameBothShapes) {
  const TensorType a{DType::kF32, {2, 3}}, b{DType::kF32, {3, 3}}, indices{DType::kS32, {4}};
  EXPECT_THAT(ShapeError(ConcatOp(1), {a, b}), AllOf(HasSubstr("f32[2, 3]"), HasSubstr("f32[3, 3]")));
  EXPECT_THAT(ShapeError(ConcatOp(2), {a, a}), HasSubstr("axis 2 of shape [2, 3]"));
  EXPECT_THAT(ShapeError(ConcatOp(0), {}), HasSubstr("at least 1 input"));
  EXPECT_THAT(ShapeError(SliceOp(1, 2, 2), {a}), HasSubstr("slice of 2 from 2 on axis 1 leaves f32[2, 3]"));
  EXPECT_THAT(ShapeError(SliceBackwardOp(0, 1, {2, 3}), {b}), AllOf(HasSubstr("f32[3, 3]"), HasSubstr("f32[2, 3]")));
  EXPECT_THAT(ShapeError(ReshapeOp({4, 2}), {a}), AllOf(HasSubstr("f32[2, 3]"), HasSubstr("[4, 2]")));
  EXPECT_THAT(ShapeError(TransposeOp({0, 0}), {a}), HasSubstr("axis 0 twice"));
  EXPECT_THAT(ShapeError(TransposeOp({1}), {a}), HasSubstr("order [1]"));
  EXPECT_THAT(ShapeError(ReduceOp(Reduction::kSum, {2}), {a}), HasSubstr("axis 2 of shape [2, 3]"));
  EXPECT_THAT(ShapeError(BroadcastOp(Reduction::kSum, {0}, {2, 3}), {a}), HasSubstr("expects a shape of [3]"));
  EXPECT_THAT(ShapeError(GatherOp(), {a, b}), AllOf(HasSubstr("f32[2, 3]"), HasSubstr("f32[3, 3]")));
  EXPECT_THAT(ShapeError(GatherBackwardOp({2, 3}), {b, indices}), AllOf(HasSubstr("f32[3, 3]"), HasSubstr("s32[4]")));
}

TEST(StructureDeathTest, GatherRefusesAnIndexOutsideTheTable) {
  const Tensor table(DType::kF32, {3}), indices = Tensor::Of<int32_t>({1}, {3});
  EXPECT_DEATH(Evaluate(GatherOp(), {table, indices}), "index 3 at position 0 of a table of 3 rows");
}

}  // namespace
}  // namespace espalier

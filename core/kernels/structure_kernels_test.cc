#include "core/kernels/structure_kernels.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/kernels/kernel_testing.h"
#include "core/ops/operator_testing.h"
#include "core/ops/structure.h"

namespace espalier {
namespace {

bool SameBytes(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

// Elements 0, 1, 2, ... modulo the type.
Tensor Numbered(DType dtype, Shape shape) {
  const Tensor tensor(dtype, shape);
  const size_t size = SizeOf(dtype);
  for (int64_t i = 0; i < tensor.elements(); ++i) std::memcpy(tensor.raw() + i * size, &i, size);
  return tensor;
}

TEST(StructureKernelsTest, CopiesAndZeroesBlocks) {
  for (int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{1000}, int64_t{70001}}) {
    const int64_t count = 5, from_step = bytes + 3, to_step = bytes + 7;
    std::vector<uint8_t> from(count * from_step + 1), to(count * to_step + 1, 0xee), expected = to;
    for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<uint8_t>(i * 7);
    for (int64_t k = 0; k < count; ++k) {
      std::copy_n(from.begin() + k * from_step, bytes, expected.begin() + k * to_step);
    }
    CopyBlocks({count, bytes, from_step, to_step}, from.data(), to.data());
    EXPECT_EQ(to, expected) << bytes;
    for (int64_t k = 0; k < count; ++k) std::fill_n(expected.begin() + k * to_step, bytes, 0);
    ZeroBlocks({count, bytes, 0, to_step}, to.data());
    EXPECT_EQ(to, expected) << bytes;
  }
}

TEST(StructureKernelsTest, TransposesEveryOrder) {
  for (DType dtype : {DType::kS8, DType::kBF16, DType::kF32}) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{33, 70}, Shape{2, 3, 4}, Shape{3, 1, 65, 2}, Shape{0, 3},
                               Shape{4, 33, 3, 40}, Shape{2, 3, 1, 2, 5}}) {
      const Tensor x = Numbered(dtype, shape);
      std::vector<int> order(shape.rank());
      std::iota(order.begin(), order.end(), 0);
      do {
        const Tensor expected = RunReference(TransposeOp(order), {x})[0], y(dtype, expected.shape());
        Transpose(PlanTranspose(shape, order), SizeOf(dtype), x.raw(), y.raw());
        EXPECT_TRUE(SameBytes(y, expected)) << Name(dtype) << shape << testing::PrintToString(order);
      } while (std::next_permutation(order.begin(), order.end()));
    }
  }
}

TEST(StructureKernelsTest, TransposePlansMergeDimensionsThatStayTogether) {
  const TransposePlan plan = PlanTranspose({8, 16, 4, 5}, {0, 2, 3, 1});
  EXPECT_EQ(plan.outer.size(), 1u);
  EXPECT_EQ(plan.row.size, 20);
  EXPECT_EQ(plan.column.size, 16);
  EXPECT_EQ(PlanTranspose({8, 16, 4, 5}, {0, 1, 2, 3}).column.size, 8 * 16 * 4 * 5);
}

TEST(StructureKernelsTest, GathersRows) {
  for (DType dtype : {DType::kF32, DType::kBF16, DType::kS8}) {
    for (int64_t columns : {1, 3, 64}) {
      for (int64_t count : {0, 7, 20000}) {
        const Tensor table = Numbered(dtype, {17, columns}), indices = RandomIndices({count}, 1, 0, 17);
        const Tensor y(dtype, {count, columns});
        Gather(table.raw(), 17, columns * static_cast<int64_t>(SizeOf(dtype)), indices.span<int32_t>(), y.raw());
        EXPECT_TRUE(SameBytes(y, RunReference(GatherOp(), {table, indices})[0])) << Name(dtype) << columns;
      }
    }
  }
}

TEST(StructureKernelsTest, SumsByIndex) {
  for (DType dtype : kFloatTypes) {
    for (const GroupedSum& sum : {GroupedSum{16, 1, 100000}, GroupedSum{5, 1, 9}, GroupedSum{3, 40, 77},
                                  GroupedSum{2000, 3, 30000}, GroupedSum{100000, 1, 20000}, GroupedSum{4, 2, 0}}) {
      const Tensor dy = RandomTensor(dtype, {sum.count, sum.columns}, 1, 0.5, 2);
      const Tensor indices = RandomIndices({sum.count}, 2, 0, static_cast<int32_t>(sum.rows));
      const Tensor dtable(DType::kF32, {sum.rows, sum.columns});
      std::vector<float> scratch(sum.ScratchBytes() / sizeof(float));
      SumByIndex(sum, dtype, dy.raw(), indices.data<int32_t>(), scratch.data(), dtable.data<float>());
      const Tensor expected = RunReference(GatherBackwardOp(dtable.shape()), {dy, indices})[0];
      EXPECT_TRUE(NearValues(dtable, expected, 2e-6f)) << Name(dtype) << sum.rows << "x" << sum.columns;
    }
  }
}

TEST(StructureKernelsTest, ThreadsDoNotChangeSumsByIndex) {
  for (const GroupedSum& sum : {GroupedSum{16, 1, 100000}, GroupedSum{30, 100, 700}}) {
    const Tensor dy = RandomTensor(DType::kF32, {sum.count, sum.columns}, 1);
    const Tensor indices = RandomIndices({sum.count}, 2, 0, static_cast<int32_t>(sum.rows));
    std::vector<float> scratch(sum.ScratchBytes() / sizeof(float));
    EXPECT_TRUE(SameOnAnyThreads(DType::kF32, {sum.rows, sum.columns}, [&](const Tensor& dtable) {
      SumByIndex(sum, DType::kF32, dy.raw(), indices.data<int32_t>(), scratch.data(), dtable.data<float>());
    })) << sum.rows;
  }
}

TEST(StructureKernelsDeathTest, RefusesIndicesOutsideTheTable) {
  const float table[3] = {};
  float y[2];
  const int32_t indices[] = {1, -1};
  EXPECT_DEATH(Gather(table, 3, 4, indices, y), "index -1 of a table of 3 rows");
}

}  // namespace
}  // namespace espalier

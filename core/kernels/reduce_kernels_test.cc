#include "core/kernels/reduce_kernels.h"

#include "core/kernels/kernel_testing.h"
#include "core/ops/matmul.h"
#include "core/ops/operator_testing.h"
#include "core/ops/reference_access.h"
#include "core/ops/structure.h"

namespace espalier {
namespace {

ESPALIER_PER_TARGET(ReduceKernelsTest);

const Shape kShapes[] = {{1, 1, 1}, {2, 3, 49}, {3, 16, 64}, {2, 20, 9}, {4, 24, 1}, {2, 5, 5000}, {40, 32, 64}};

template <typename Check>
void ForEachCase(Check check) {
  for (DType dtype : kFloatTypes) {
    for (const Shape& shape : kShapes) {
      for (int64_t block : {1, 8, 16}) {
        SCOPED_TRACE(testing::Message() << Name(dtype) << shape << " block " << block);
        check(dtype, shape, ChannelGeometry{shape[0], shape[1], shape[2], block});
      }
    }
  }
}

TEST_P(ReduceKernelsTest, GlobalAveragePooling) {
  ForEachCase([](DType dtype, const Shape& shape, const ChannelGeometry& geometry) {
    const Tensor x = RandomTensor(dtype, shape, 1, 0.5, 2), y(dtype, {shape[0], shape[1]});
    SpatialSum(dtype, geometry, ChannelBlocked(x, geometry.block, 7).raw(), static_cast<float>(shape[2]), y.raw());
    EXPECT_TRUE(NearValues(y, RunReference(ReduceOp(Reduction::kMean, {2}), {x})[0], 1e-6f));
  });
}

TEST_P(ReduceKernelsTest, GlobalAveragePoolingBackward) {
  ForEachCase([](DType dtype, const Shape& shape, const ChannelGeometry& geometry) {
    const Tensor dy = RandomTensor(dtype, {shape[0], shape[1]}, 1);
    const Tensor dx(dtype, {shape[0], geometry.blocks(), shape[2], geometry.block});
    SpatialBroadcast(dtype, geometry, dy.raw(), static_cast<float>(shape[2]), dx.raw());
    const Tensor expected = RunReference(BroadcastOp(Reduction::kMean, {2}, shape), {dy})[0];
    EXPECT_TRUE(SameValues(dx, ChannelBlocked(expected, geometry.block)));
  });
}

TEST_P(ReduceKernelsTest, BiasGradient) {
  ForEachCase([](DType dtype, const Shape& shape, const ChannelGeometry& geometry) {
    const Tensor dy = RandomTensor(dtype, shape, 1, 0.5, 2), sums(DType::kF32, {shape[1]});
    std::vector<float> scratch(ChannelSumScratchBytes(geometry) / sizeof(float));
    ChannelSum(dtype, geometry, ChannelBlocked(dy, geometry.block, 7).raw(), scratch.data(), sums.data<float>());
    EXPECT_TRUE(NearValues(sums, RunReference(BiasGradientOp(), {dy})[0], 2e-6f));
  });
}

TEST_P(ReduceKernelsTest, SumsOfColumns) {
  for (DType dtype : kFloatTypes) {
    for (const Shape& shape : {Shape{1, 1}, Shape{5, 16}, Shape{3000, 37}, Shape{128, 1000}}) {
      const Tensor x = RandomTensor(dtype, shape, 1, 0.5, 2), y(dtype, {shape[1]});
      ColumnSum(dtype, shape[0], shape[1], x.raw(), static_cast<float>(shape[0]), y.raw());
      EXPECT_TRUE(NearValues(y, RunReference(ReduceOp(Reduction::kMean, {0}), {x})[0], 1e-6f)) << Name(dtype) << shape;
    }
  }
}

TEST_P(ReduceKernelsTest, ThreadsDoNotChangeSums) {
  const Tensor x = RandomTensor(DType::kF32, {6, 48, 300}, 1);
  for (int64_t block : {1, 8, 16}) {
    const ChannelGeometry geometry{6, 48, 300, block};
    std::vector<float> scratch(ChannelSumScratchBytes(geometry) / sizeof(float));
    EXPECT_TRUE(SameOnAnyThreads(DType::kF32, {48}, [&](const Tensor& sums) {
      ChannelSum(DType::kF32, geometry, x.raw(), scratch.data(), sums.data<float>());
    })) << block;
  }
  EXPECT_TRUE(SameOnAnyThreads(
      DType::kF32, {300}, [&](const Tensor& sums) { ColumnSum(DType::kF32, 6 * 48, 300, x.raw(), 1, sums.raw()); }));
}

TEST(ReduceTest, LongSumsStayAccurate) {
  const int64_t n = 1 << 22;
  const Tensor x = RandomTensor(DType::kF32, {1, 1, n}, 1, 0.5, 1.5), y(DType::kF32, {1, 1});
  SpatialSum(DType::kF32, {1, 1, n, 1}, x.raw(), 1, y.raw());
  EXPECT_TRUE(NearValues(y, RunReference(ReduceOp(Reduction::kSum, {2}), {x})[0], 1e-6f));
}

}  // namespace
}  // namespace espalier

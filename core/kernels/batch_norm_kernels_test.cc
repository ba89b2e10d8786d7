#include "core/kernels/batch_norm_kernels.h"

#include <vector>

#include "core/kernels/kernel_testing.h"
#include "core/ops/batch_norm.h"
#include "core/ops/operator_testing.h"

namespace espalier {
namespace {

ESPALIER_PER_TARGET(BatchNormKernelsTest);

constexpr float kEpsilon = 1e-3f;
const Shape kShapes[] = {{3, 16, 64}, {2, 20, 9}, {5, 33, 7}, {2, 8, 1000}};

struct Case {
  DType dtype;
  Shape shape;
  ChannelGeometry geometry;
  bool relu, residual;
  Tensor x, other, scale, shift;  // `other`: the residual, or what flows back

  Tensor Blocked(const Tensor& tensor) const { return ChannelBlocked(tensor, geometry.block); }
  Tensor Like() const { return Tensor(dtype, {shape[0], geometry.blocks(), shape[2], geometry.block}); }
  std::vector<float> Scratch() const { return std::vector<float>(BatchNormScratchBytes(geometry) / sizeof(float)); }
};

template <typename Check>
void ForEachCase(Check check) {
  for (DType dtype : kFloatTypes) {
    for (const Shape& shape : kShapes) {
      for (int64_t block : {1, 8, 16}) {
        for (int flags = 0; flags < 4; ++flags) {
          Case c{dtype, shape, {shape[0], shape[1], shape[2], block}, (flags & 1) != 0, (flags & 2) != 0};
          SCOPED_TRACE(testing::Message() << Name(dtype) << shape << " block " << block << " relu " << c.relu
                                          << " residual " << c.residual);
          c.x = RandomTensor(dtype, shape, 1, -1, 3);
          c.other = RandomTensor(dtype, shape, 2);
          c.scale = RandomTensor(DType::kF32, {shape[1]}, 3, 0.5f, 2);
          c.shift = RandomTensor(DType::kF32, {shape[1]}, 4);
          check(c);
        }
      }
    }
  }
}

TEST_P(BatchNormKernelsTest, Train) {
  ForEachCase([](const Case& c) {
    std::vector<Tensor> inputs = {c.x, c.scale, c.shift};
    if (c.residual) inputs.push_back(c.other);
    const std::vector<Tensor> expected = RunReference(BatchNormTrainOp(kEpsilon, c.relu), inputs);
    const Tensor x = c.Blocked(c.x), other = c.Blocked(c.other), y = c.Like();
    const Tensor mean(DType::kF32, {c.shape[1]}), variance(DType::kF32, {c.shape[1]});
    std::vector<float> scratch = c.Scratch();
    BatchNormTrain(c.dtype, c.geometry, kEpsilon, c.relu,
                   {x.raw(), c.scale.data<float>(), c.shift.data<float>(), c.residual ? other.raw() : nullptr, y.raw(),
                    mean.data<float>(), variance.data<float>(), scratch.data()});
    // The padding of y is zero, as every layout's must be.
    EXPECT_TRUE(NearValues(y, c.Blocked(expected[0]), 1e-5f, 1e-5f));
    EXPECT_TRUE(NearValues(mean, expected[1], 1e-5f, 1e-6f));
    EXPECT_TRUE(NearValues(variance, expected[2], 1e-5f, 1e-6f));
  });
}

TEST_P(BatchNormKernelsTest, Inference) {
  ForEachCase([](const Case& c) {
    const Tensor mean = RandomTensor(DType::kF32, {c.shape[1]}, 5), variance = c.scale;
    std::vector<Tensor> inputs = {c.x, c.scale, c.shift, mean, variance};
    if (c.residual) inputs.push_back(c.other);
    const std::vector<Tensor> expected = RunReference(BatchNormInferenceOp(kEpsilon, c.relu), inputs);
    const Tensor x = c.Blocked(c.x), other = c.Blocked(c.other), y = c.Like();
    std::vector<float> scratch = c.Scratch();
    BatchNormInference(c.dtype, c.geometry, kEpsilon, c.relu,
                       {x.raw(), c.scale.data<float>(), c.shift.data<float>(), c.residual ? other.raw() : nullptr,
                        y.raw(), mean.data<float>(), variance.data<float>(), scratch.data()});
    EXPECT_TRUE(NearValues(y, c.Blocked(expected[0]), 1e-5f, 1e-5f));
  });
}

TEST_P(BatchNormKernelsTest, Backward) {
  ForEachCase([](const Case& c) {
    std::vector<Tensor> forward = {c.x, c.scale, c.shift};
    if (c.residual) forward.push_back(RandomTensor(c.dtype, c.shape, 6));
    const std::vector<Tensor> outputs = RunReference(BatchNormTrainOp(kEpsilon, c.relu), forward);
    std::vector<Tensor> inputs = {c.x};
    if (c.relu) inputs.push_back(outputs[0]);
    for (const Tensor& tensor : {c.other, outputs[1], outputs[2], c.scale}) inputs.push_back(tensor);
    const std::vector<Tensor> expected = RunReference(BatchNormBackwardOp(kEpsilon, c.relu, c.residual), inputs);
    const Tensor x = c.Blocked(c.x), y = c.Blocked(outputs[0]), dy = c.Blocked(c.other), dx = c.Like();
    const Tensor dresidual = c.Like(), dscale(DType::kF32, {c.shape[1]}), dshift(DType::kF32, {c.shape[1]});
    std::vector<float> scratch = c.Scratch();
    BatchNormBackward(c.dtype, c.geometry, kEpsilon,
                      {x.raw(), c.relu ? y.raw() : nullptr, dy.raw(), outputs[1].data<float>(),
                       outputs[2].data<float>(), c.scale.data<float>(), dx.raw(), dscale.data<float>(),
                       dshift.data<float>(), c.residual ? dresidual.raw() : nullptr, scratch.data()});
    EXPECT_TRUE(NearValues(dx, c.Blocked(expected[0]), 1e-4f, 2e-5f));
    // Sums of hundreds of terms of both signs.
    EXPECT_TRUE(NearValues(dscale, expected[1], 1e-4f, 1e-3f));
    EXPECT_TRUE(NearValues(dshift, expected[2], 1e-4f, 1e-3f));
    if (c.residual) EXPECT_TRUE(SameValues(dresidual, c.Blocked(expected[3])));
  });
}

}  // namespace
}  // namespace espalier

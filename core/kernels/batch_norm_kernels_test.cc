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

// Another rank's sums in the order of its calls: kept from it at first, later added to this rank's.
class OtherRank : public ChannelReducer {
 public:
  void AllReduce(double* values, int64_t count) override {
    if (recording) {
      calls.emplace_back(values, values + count);
      return;
    }
    ASSERT_EQ(calls.at(next).size(), static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) values[i] += calls[next][i];
    ++next;
  }

  bool recording = true;
  size_t next = 0;
  std::vector<std::vector<double>> calls;
  std::vector<Tensor> gradients;
};

// The forward and the backward pass of a rank that has the first sample alone, by the reference kernels. `outputs` are
// the whole batch's.
OtherRank FirstSample(const Case& c, const std::vector<Tensor>& outputs) {
  OtherRank rank;
  StepContext step;
  step.channel_reducer = &rank;
  std::vector<Tensor> inputs = {c.x.Slice(0, 1), c.scale, c.shift};
  if (c.residual) inputs.push_back(c.other.Slice(0, 1));
  RunReference(BatchNormTrainOp(kEpsilon, c.relu, /*synchronized=*/true), inputs, step);
  inputs = {c.x.Slice(0, 1)};
  if (c.relu) inputs.push_back(outputs[0].Slice(0, 1));
  inputs.insert(inputs.end(), {c.other.Slice(0, 1), outputs[1], outputs[2], c.scale});
  const BatchNormBackwardOp backward(kEpsilon, c.relu, c.residual, /*synchronized=*/true);
  rank.gradients = RunReference(backward, inputs, step);
  rank.recording = false;
  return rank;
}

// The rest of the batch, through the kernels, with the first sample elsewhere: the same as the whole batch in one
// place.
TEST_P(BatchNormKernelsTest, Synchronized) {
  ForEachCase([](const Case& c) {
    std::vector<Tensor> inputs = {c.x, c.scale, c.shift};
    if (c.residual) inputs.push_back(c.other);
    const std::vector<Tensor> expected = RunReference(BatchNormTrainOp(kEpsilon, c.relu), inputs);
    OtherRank first = FirstSample(c, expected);
    Case rest = c;
    const int64_t samples = rest.shape[0] = rest.geometry.batch = c.shape[0] - 1;
    const auto part = [&](const Tensor& tensor) { return rest.Blocked(tensor.Slice(1, samples)); };
    const Tensor x = part(c.x), other = part(c.other), y = rest.Like();
    const Tensor mean(DType::kF32, {c.shape[1]}), variance(DType::kF32, {c.shape[1]});
    std::vector<float> scratch = rest.Scratch();
    BatchNormTrain(c.dtype, rest.geometry, kEpsilon, c.relu,
                   {x.raw(), c.scale.data<float>(), c.shift.data<float>(), c.residual ? other.raw() : nullptr, y.raw(),
                    mean.data<float>(), variance.data<float>(), scratch.data(), &first});
    EXPECT_TRUE(NearValues(y, part(expected[0]), 1e-5f, 1e-5f));
    EXPECT_TRUE(NearValues(mean, expected[1], 1e-5f, 1e-6f));
    EXPECT_TRUE(NearValues(variance, expected[2], 1e-5f, 1e-6f));

    std::vector<Tensor> backward = {c.x};
    if (c.relu) backward.push_back(expected[0]);
    backward.insert(backward.end(), {c.other, expected[1], expected[2], c.scale});
    const std::vector<Tensor> gradients = RunReference(BatchNormBackwardOp(kEpsilon, c.relu, c.residual), backward);
    const Tensor whole_y = part(expected[0]), dx = rest.Like(), dresidual = rest.Like();
    const Tensor dscale(DType::kF32, {c.shape[1]}), dshift(DType::kF32, {c.shape[1]});
    BatchNormBackward(c.dtype, rest.geometry, kEpsilon,
                      {x.raw(), c.relu ? whole_y.raw() : nullptr, other.raw(), expected[1].data<float>(),
                       expected[2].data<float>(), c.scale.data<float>(), dx.raw(), dscale.data<float>(),
                       dshift.data<float>(), c.residual ? dresidual.raw() : nullptr, scratch.data(), &first});
    EXPECT_EQ(first.next, 2u);
    EXPECT_TRUE(NearValues(dx, part(gradients[0]), 1e-4f, 2e-5f));
    for (int64_t i = 0; i < c.shape[1]; ++i) {
      dscale.data<float>()[i] += first.gradients[1].data<float>()[i];
      dshift.data<float>()[i] += first.gradients[2].data<float>()[i];
    }
    EXPECT_TRUE(NearValues(dscale, gradients[1], 1e-4f, 1e-3f));
    EXPECT_TRUE(NearValues(dshift, gradients[2], 1e-4f, 1e-3f));
    if (c.residual) EXPECT_TRUE(SameValues(dresidual, part(gradients[3])));
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

#include "core/kernels/softmax_kernels.h"

#include <cmath>

#include "core/kernels/kernel_testing.h"
#include "core/ops/loss.h"
#include "core/ops/operator_testing.h"

namespace espalier {
namespace {

ESPALIER_PER_TARGET(SoftmaxKernelsTest);

const Shape kShapes[] = {{1, 1}, {5, 10}, {3, 16}, {2, 37}, {600, 10}, {9, 1000}};

TEST_P(SoftmaxKernelsTest, SoftmaxAndItsGradientEqualTheReference) {
  for (DType dtype : kFloatTypes) {
    for (const Shape& shape : kShapes) {
      const Tensor x = RandomTensor(dtype, shape, 1, -20, 20), y(dtype, shape), dx(dtype, shape);
      Softmax(dtype, x.raw(), shape[0], shape[1], y.raw());
      EXPECT_TRUE(NearValues(y, RunReference(SoftmaxOp(), {x})[0], 5e-6f, 1e-7f)) << Name(dtype) << shape;
      const Tensor dy = RandomTensor(dtype, shape, 2);
      SoftmaxBackward(dtype, y.raw(), dy.raw(), shape[0], shape[1], dx.raw());
      EXPECT_TRUE(NearValues(dx, RunReference(SoftmaxBackwardOp(), {y, dy})[0], 1e-5f, 1e-6f)) << Name(dtype) << shape;
      Softmax(dtype, x.raw(), shape[0], shape[1], x.raw());
      EXPECT_TRUE(SameValues(x, y)) << "in place";
    }
  }
}

TEST_P(SoftmaxKernelsTest, CrossEntropyAndItsGradientEqualTheReference) {
  const Tensor loss(DType::kF32, {}), dloss = F32({}, {0.7f});
  for (DType dtype : kFloatTypes) {
    for (const Shape& shape : kShapes) {
      for (float smoothing : {0.f, 0.1f}) {
        const Tensor logits = RandomTensor(dtype, shape, 1, -20, 20);
        const Tensor labels = RandomIndices({shape[0]}, 2, -1, static_cast<int32_t>(shape[1]));
        const Tensor probabilities(DType::kF32, shape), dlogits(dtype, shape);
        const CrossEntropyTarget target{labels.data<int32_t>(), shape[0], shape[1], smoothing};
        SoftmaxCrossEntropy(dtype, logits.raw(), target, loss.data<float>(), probabilities.data<float>());
        const std::vector<Tensor> expected = RunReference(SoftmaxCrossEntropyOp(smoothing), {logits, labels});
        EXPECT_TRUE(NearValues(loss, expected[0], 2e-6f, 1e-6f)) << Name(dtype) << shape;
        EXPECT_TRUE(NearValues(probabilities, expected[1], 5e-6f, 1e-9f)) << Name(dtype) << shape;
        SoftmaxCrossEntropyBackward(probabilities.data<float>(), target, 0.7f, dtype, dlogits.raw());
        const SoftmaxCrossEntropyBackwardOp backward(smoothing, dtype);
        EXPECT_TRUE(SameValues(dlogits, RunReference(backward, {probabilities, labels, dloss})[0]))
            << Name(dtype) << shape;
      }
    }
  }
}

TEST_P(SoftmaxKernelsTest, ThreadsDoNotChangeTheLoss) {
  const Tensor logits = RandomTensor(DType::kF32, {1000, 37}, 1, -20, 20), labels = RandomIndices({1000}, 2, -1, 37);
  EXPECT_TRUE(SameOnAnyThreads(DType::kF32, {}, [&](const Tensor& loss) {
    const Tensor probabilities(DType::kF32, logits.shape());
    SoftmaxCrossEntropy(DType::kF32, logits.raw(), {labels.data<int32_t>(), 1000, 37, 0.1f}, loss.data<float>(),
                        probabilities.data<float>());
  }));
}

TEST_P(SoftmaxKernelsTest, LargeLogitsNeitherOverflowNorLosePrecision) {
  const Tensor x = F32({1, 4}, {88000, 88001, -88000, 0}), y(DType::kF32, {1, 4});
  Softmax(DType::kF32, x.raw(), 1, 4, y.raw());
  EXPECT_TRUE(NearValues(y, F32({1, 4}, {0.26894142f, 0.73105858f, 0, 0}), 1e-6f));
}

TEST_P(SoftmaxKernelsTest, ANaNSpoilsItsRowAndTheLoss) {
  const float nan = std::nanf("");
  const Tensor logits = F32({2, 3}, {1, nan, 2, 1, 2, 3}), probabilities(DType::kF32, {2, 3});
  const int32_t labels[] = {0, 0};
  float loss = 0;
  SoftmaxCrossEntropy(DType::kF32, logits.raw(), {labels, 2, 3, 0}, &loss, probabilities.data<float>());
  EXPECT_TRUE(std::isnan(loss));
  EXPECT_TRUE(std::isnan(probabilities.data<float>()[0]));
  EXPECT_FALSE(std::isnan(probabilities.data<float>()[3]));
}

TEST(SoftmaxKernelsDeathTest, RefusesALabelBeyondTheClasses) {
  const float logits[] = {0, 0};
  float loss, probabilities[2];
  const int32_t label = 2;
  EXPECT_DEATH(SoftmaxCrossEntropy(DType::kF32, logits, {&label, 1, 2, 0}, &loss, probabilities),
               "label 2 in row 0 of 2 classes");
}

}  // namespace
}  // namespace espalier

#include "core/kernels/dropout_kernels.h"

#include "core/kernels/kernel_testing.h"
#include "core/ops/dropout.h"
#include "core/ops/operator_testing.h"
#include "core/random.h"

namespace espalier {
namespace {

ESPALIER_PER_TARGET(DropoutKernelsTest);

TEST_P(DropoutKernelsTest, DrawsTheMaskOfTheReference) {
  const StepContext step{0x123456789abcdefu, 7};
  const DropoutStream stream{step.seed, PurposeId("dropout/fc6"), step.epoch};
  for (DType dtype : kFloatTypes) {
    for (const Shape& shape : {Shape{1, 1}, Shape{3, 2, 5}, Shape{2, 64}, Shape{5, 131}, Shape{9, 4099}, Shape{2, 0}}) {
      const Tensor x = RandomTensor(dtype, shape, 1), y(dtype, shape);
      const Tensor ids = RandomIndices({shape[0]}, 2, 0, 60000);
      const int64_t elements = shape.Product(1, shape.rank());
      for (float rate : {0.f, 0.1f, 0.5f, 0.875f}) {
        const Tensor expected = RunReference(DropoutOp(rate, "dropout/fc6"), {x, ids}, step)[0];
        Dropout(dtype, x.raw(), ids.data<int32_t>(), shape[0], elements, rate, stream, y.raw());
        EXPECT_TRUE(SameValues(y, expected)) << Name(dtype) << shape << " rate " << rate;
      }
      Dropout(dtype, x.raw(), ids.data<int32_t>(), shape[0], elements, 0.875f, stream, x.raw());
      EXPECT_TRUE(SameValues(x, y)) << "in place";
    }
  }
}

TEST_P(DropoutKernelsTest, ThreadsDoNotChangeTheMask) {
  const Tensor x = RandomTensor(DType::kF32, {3, 9001}, 1), ids = RandomIndices({3}, 2, 0, 60000);
  EXPECT_TRUE(SameOnAnyThreads(DType::kF32, x.shape(), [&](const Tensor& y) {
    Dropout(DType::kF32, x.raw(), ids.data<int32_t>(), 3, 9001, 0.5f, {1, 2, 3}, y.raw());
  }));
}

}  // namespace
}  // namespace espalier

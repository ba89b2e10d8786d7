#include "core/kernels/lrn_kernels.h"

#include <cmath>

#include "core/kernels/kernel_testing.h"
#include "core/ops/lrn.h"
#include "core/ops/operator_testing.h"

namespace espalier {
namespace {

ESPALIER_PER_TARGET(LrnKernelsTest);

const Shape kShapes[] = {{1, 1, 1}, {2, 3, 15}, {2, 16, 49}, {1, 37, 16}, {2, 96, 20}};
const LrnAttributes kAttributes[] = {{5, 1e-4f, 0.75f, 1}, {3, 2, 0.75f, 2}, {7, 0.5f, 0.6f, 1}, {1, 1, 1, 1}};

LrnWindow Window(const LrnAttributes& a) { return {a.size, a.alpha, a.beta, a.k}; }

// [N, C, S] as the operators' [N, C, 1, S].
Tensor Image(const Tensor& x) { return x.Reshaped({x.shape()[0], x.shape()[1], 1, x.shape()[2]}); }

template <typename Check>
void ForEachCase(Check check) {
  for (DType dtype : kFloatTypes) {
    for (const Shape& shape : kShapes) {
      for (const LrnAttributes& a : kAttributes) {
        for (int64_t block : {1, 8, 16}) {
          SCOPED_TRACE(testing::Message() << Name(dtype) << shape << a.ToString() << " block " << block);
          check(dtype, shape, a, {shape[0], shape[1], shape[2], block});
        }
      }
    }
  }
}

TEST_P(LrnKernelsTest, ForwardEqualsTheReference) {
  ForEachCase([](DType dtype, const Shape& shape, const LrnAttributes& attributes, const ChannelGeometry& geometry) {
    const Tensor x = RandomTensor(dtype, shape, 1),
                 expected = RunReference(LrnOp(attributes), {Image(x)})[0].Reshaped(shape);
    const Tensor blocked = ChannelBlocked(x, geometry.block), y(dtype, blocked.shape());
    Lrn(dtype, geometry, Window(attributes), blocked.raw(), y.raw());
    EXPECT_TRUE(NearValues(y, ChannelBlocked(expected, geometry.block), 3e-6f));
    Lrn(dtype, geometry, Window(attributes), blocked.raw(), blocked.raw());
    EXPECT_TRUE(SameValues(blocked, y)) << "in place";
  });
}

TEST_P(LrnKernelsTest, BackwardEqualsTheReference) {
  ForEachCase([](DType dtype, const Shape& shape, const LrnAttributes& attributes, const ChannelGeometry& geometry) {
    const Tensor x = RandomTensor(dtype, shape, 1), dy = RandomTensor(dtype, shape, 2);
    const Tensor expected = RunReference(LrnBackwardOp(attributes), {Image(x), Image(dy)})[0].Reshaped(shape);
    const Tensor blocked = ChannelBlocked(x, geometry.block), dx(dtype, blocked.shape());
    LrnBackward(dtype, geometry, Window(attributes), blocked.raw(), ChannelBlocked(dy, geometry.block).raw(), dx.raw());
    EXPECT_TRUE(NearValues(dx, ChannelBlocked(expected, geometry.block), 5e-6f, 5e-6f));
  });
}

TEST_P(LrnKernelsTest, ANaNStaysInItsWindow) {
  const Tensor x = RandomTensor(DType::kF32, {16}, 1), y(DType::kF32, {16});
  x.data<float>()[8] = std::nanf("");
  Lrn(DType::kF32, {1, 16, 1, 1}, {5, 1e-4f, 0.6f, 1}, x.raw(), y.raw());
  for (int c = 0; c < 16; ++c) EXPECT_EQ(std::isnan(y.data<float>()[c]), c >= 6 && c <= 10) << c;
}

}  // namespace
}  // namespace espalier

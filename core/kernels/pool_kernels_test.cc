#include "core/kernels/pool_kernels.h"

#include <cmath>

#include "core/kernels/kernel_testing.h"
#include "core/ops/operator_testing.h"
#include "core/ops/pool.h"

namespace espalier {
namespace {

ESPALIER_PER_TARGET(PoolKernelsTest);

constexpr bool kCeil = true, kCountPadding = true;

struct Windows {
  int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
  bool ceil = false, count_padding = false;
  Shape image;  // [N, C, H, W]
};

// Rows of windows longer and shorter than vectors, strides with and without a vector path, windows that overlap, touch
// and leave gaps, that hang over each border, as large as the image, and images and rows longer than a band.
const Windows kWindows[] = {
    {2, 2, 2, 2, 0, 0, false, false, {2, 3, 10, 38}},        {3, 3, 2, 2, 1, 1, false, false, {1, 19, 9, 23}},
    {3, 3, 1, 1, 1, 1, false, kCountPadding, {1, 5, 6, 27}}, {3, 5, 1, 2, 2, 4, false, false, {1, 2, 5, 40}},
    {3, 3, 2, 2, 0, 0, kCeil, false, {2, 8, 8, 22}},         {3, 2, 2, 2, 1, 1, kCeil, kCountPadding, {1, 9, 6, 7}},
    {2, 2, 3, 3, 0, 0, false, false, {1, 3, 8, 11}},         {1, 4, 2, 3, 0, 2, kCeil, kCountPadding, {1, 16, 3, 10}},
    {4, 5, 1, 1, 0, 0, false, false, {3, 17, 4, 5}},         {3, 3, 2, 2, 1, 1, false, false, {1, 1, 70, 131}},
    {2, 3, 1, 2, 1, 1, false, false, {1, 1, 2, 4500}},
};

PoolAttributes Attributes(const Windows& w, bool max) {
  return {max, w.kernel_h, w.kernel_w, w.stride_h, w.stride_w, w.pad_h, w.pad_w, w.ceil, w.count_padding};
}

Shape OutputShape(const Windows& w) {
  return {w.image[0], w.image[1], PoolOutputSize(w.image[2], w.kernel_h, w.stride_h, w.pad_h, w.ceil),
          PoolOutputSize(w.image[3], w.kernel_w, w.stride_w, w.pad_w, w.ceil)};
}

PoolGeometry Geometry(const Windows& w, int64_t block) {
  const Shape out = OutputShape(w);
  return {w.image[0],
          w.image[1],
          block,
          {w.image[2], out[2], w.kernel_h, w.stride_h, w.pad_h},
          {w.image[3], out[3], w.kernel_w, w.stride_w, w.pad_w},
          w.count_padding};
}

// [N, C, H, W] in channel blocks, padded with zeros.
Tensor Blocked(const Tensor& x, int64_t block) {
  const Shape& shape = x.shape();
  return ChannelBlocked(x.Reshaped({shape[0], shape[1], shape[2] * shape[3]}), block);
}

// The same of s32 elements.
Tensor BlockedIndices(const Tensor& indices, int64_t block) {
  const Shape& shape = indices.shape();
  const int64_t blocks = (shape[1] + block - 1) / block, pixels = shape[2] * shape[3];
  const Tensor y(DType::kS32, {shape[0], blocks, pixels, block});
  for (int64_t i = 0; i < indices.elements(); ++i) {
    const int64_t n = i / pixels / shape[1], channel = i / pixels % shape[1], pixel = i % pixels;
    y.data<int32_t>()[((n * blocks + channel / block) * pixels + pixel) * block + channel % block] =
        indices.data<int32_t>()[i];
  }
  return y;
}

bool SameIndices(const Tensor& a, const Tensor& b) {
  return std::equal(a.data<int32_t>(), a.data<int32_t>() + a.elements(), b.data<int32_t>(),
                    b.data<int32_t>() + b.elements());
}

// One of few values, so that maxima tie.
Tensor Ties(DType dtype, const Shape& shape) {
  const Tensor small = RandomIndices(shape, 3, -2, 3);
  const Tensor x = RandomTensor(dtype, shape, 3, 0, 1);
  const auto set = [&](auto* elements, auto convert) {
    for (int64_t i = 0; i < x.elements(); ++i) elements[i] = convert(static_cast<float>(small.data<int32_t>()[i]));
  };
  if (dtype == DType::kF32) set(x.data<float>(), [](float value) { return value; });
  if (dtype == DType::kBF16) set(x.data<BFloat16>(), ToBFloat16);
  if (dtype == DType::kF16) set(x.data<Float16>(), ToFloat16);
  return x;
}

template <typename Check>
void ForEachCase(Check check) {
  for (const Windows& windows : kWindows) {
    for (DType dtype : kFloatTypes) {
      for (int64_t block : {1, 8, 16}) {
        SCOPED_TRACE(testing::Message() << Name(dtype) << windows.image << Attributes(windows, true).ToString()
                                        << " block " << block);
        check(dtype, windows, block);
      }
    }
  }
}

TEST_P(PoolKernelsTest, MaximaAndTheirPositionsEqualTheReference) {
  ForEachCase([](DType dtype, const Windows& windows, int64_t block) {
    const Tensor special = RandomTensor(dtype, windows.image, 1);
    AddSpecialValues(special);
    for (const Tensor& x : {Ties(dtype, windows.image), special}) {
      const std::vector<Tensor> expected = RunReference(PoolOp(Attributes(windows, true), true), {x});
      const Tensor blocked = Blocked(x, block), expected_y = Blocked(expected[0], block);
      const Tensor expected_argmax = BlockedIndices(expected[1], block);
      const Tensor y(dtype, expected_y.shape()), argmax = RandomIndices(expected_argmax.shape(), 4, -9, -1);
      MaxPool(dtype, Geometry(windows, block), blocked.raw(), y.raw(), argmax.data<int32_t>());
      EXPECT_TRUE(SameValues(y, expected_y));
      EXPECT_TRUE(SameIndices(argmax, expected_argmax));
      const Tensor inference(dtype, expected_y.shape());
      MaxPool(dtype, Geometry(windows, block), blocked.raw(), inference.raw(), nullptr);
      EXPECT_TRUE(SameValues(inference, expected_y)) << "without positions";
    }
  });
}

TEST_P(PoolKernelsTest, AveragesEqualTheReference) {
  ForEachCase([](DType dtype, const Windows& windows, int64_t block) {
    const Tensor x = RandomTensor(dtype, windows.image, 1);
    const Tensor expected = Blocked(RunReference(PoolOp(Attributes(windows, false), true), {x})[0], block);
    const Tensor y(dtype, expected.shape());
    AveragePool(dtype, Geometry(windows, block), Blocked(x, block).raw(), y.raw());
    EXPECT_TRUE(SameValues(y, expected));
  });
}

TEST_P(PoolKernelsTest, GradientsOfMaximaEqualTheReference) {
  ForEachCase([](DType dtype, const Windows& windows, int64_t block) {
    const Tensor dy = RandomTensor(dtype, OutputShape(windows), 2);
    const Tensor argmax = RunReference(PoolOp(Attributes(windows, true), true), {Ties(dtype, windows.image)})[1];
    const PoolBackwardOp op(Attributes(windows, true), windows.image);
    const Tensor expected = Blocked(RunReference(op, {dy, argmax})[0], block), dx(dtype, expected.shape());
    MaxPoolBackward(dtype, Geometry(windows, block), Blocked(dy, block).raw(),
                    BlockedIndices(argmax, block).data<int32_t>(), dx.raw());
    EXPECT_TRUE(SameValues(dx, expected));
  });
}

TEST_P(PoolKernelsTest, GradientsOfAveragesEqualTheReference) {
  ForEachCase([](DType dtype, const Windows& windows, int64_t block) {
    const Tensor dy = RandomTensor(dtype, OutputShape(windows), 2);
    const PoolBackwardOp op(Attributes(windows, false), windows.image);
    const Tensor expected = Blocked(RunReference(op, {dy})[0], block), dx(dtype, expected.shape());
    AveragePoolBackward(dtype, Geometry(windows, block), Blocked(dy, block).raw(), dx.raw());
    EXPECT_TRUE(NearValues(dx, expected, 1e-6f, 1e-6f));
  });
}

TEST_P(PoolKernelsTest, TheNumberOfThreadsChangesNothing) {
  const Windows windows = {3, 3, 2, 2, 1, 1, false, false, {2, 20, 32, 32}};
  for (int64_t block : {1, 16}) {
    const PoolGeometry geometry = Geometry(windows, block);
    const Tensor x = Blocked(RandomTensor(DType::kBF16, windows.image, 1), block);
    const Tensor dy = Blocked(RandomTensor(DType::kBF16, OutputShape(windows), 2), block);
    const Tensor argmax = RandomIndices(dy.shape(), 3, 0, 32 * 32);
    EXPECT_TRUE(SameOnAnyThreads(DType::kBF16, dy.shape(),
                                 [&](const Tensor& y) { MaxPool(DType::kBF16, geometry, x.raw(), y.raw(), nullptr); }));
    EXPECT_TRUE(SameOnAnyThreads(DType::kBF16, x.shape(), [&](const Tensor& dx) {
      MaxPoolBackward(DType::kBF16, geometry, dy.raw(), argmax.data<int32_t>(), dx.raw());
    }));
    EXPECT_TRUE(SameOnAnyThreads(DType::kBF16, x.shape(), [&](const Tensor& dx) {
      AveragePoolBackward(DType::kBF16, geometry, dy.raw(), dx.raw());
    }));
  }
}

}  // namespace
}  // namespace espalier

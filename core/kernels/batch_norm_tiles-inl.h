// The inner loops of batch normalisation over one tile, for Highway kernels. Included once per target, inside
// foreach_target's loop.
#if defined(ESPALIER_CORE_KERNELS_BATCH_NORM_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ESPALIER_CORE_KERNELS_BATCH_NORM_TILES_INL_H_
#undef ESPALIER_CORE_KERNELS_BATCH_NORM_TILES_INL_H_
#else
#define ESPALIER_CORE_KERNELS_BATCH_NORM_TILES_INL_H_
#endif

#include "core/kernels/storage-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

// A tile is `rows` runs of `lanes`-wide vectors: for a channel block, spatial pixels of `block` channels, each lane its
// own channel; for plain data, one channel whose pixels fill the lanes.
//
// Per tile and channel, two numbers: for the forward pass the mean and the sum of squared deviations from it, for the
// backward pass the sums of dy' and of dy' (x - mean).
template <typename T, int kBlock>
struct BlockedTiles {
  using D = hn::CappedTag<float, kBlock>;

  static void Moments(const T* x, int64_t spatial, float* mean, float* deviation) {
    const D d;
    for (size_t lane = 0; lane < kBlock; lane += hn::Lanes(d)) {
      auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
      int64_t i = 0;
      for (; i + 4 <= spatial; i += 4) {
        const T* p = x + i * kBlock + lane;
        sum0 = hn::Add(sum0, LoadF32(d, p));
        sum1 = hn::Add(sum1, LoadF32(d, p + kBlock));
        sum2 = hn::Add(sum2, LoadF32(d, p + 2 * kBlock));
        sum3 = hn::Add(sum3, LoadF32(d, p + 3 * kBlock));
      }
      for (; i < spatial; ++i) sum0 = hn::Add(sum0, LoadF32(d, x + i * kBlock + lane));
      const auto sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
      const auto center = hn::Mul(sum, hn::Set(d, 1.0f / static_cast<float>(spatial)));
      auto square0 = hn::Zero(d), square1 = square0, square2 = square0, square3 = square0;
      for (i = 0; i + 4 <= spatial; i += 4) {
        const T* p = x + i * kBlock + lane;
        const auto a = hn::Sub(LoadF32(d, p), center), b = hn::Sub(LoadF32(d, p + kBlock), center);
        const auto c = hn::Sub(LoadF32(d, p + 2 * kBlock), center), e = hn::Sub(LoadF32(d, p + 3 * kBlock), center);
        square0 = hn::MulAdd(a, a, square0);
        square1 = hn::MulAdd(b, b, square1);
        square2 = hn::MulAdd(c, c, square2);
        square3 = hn::MulAdd(e, e, square3);
      }
      for (; i < spatial; ++i) {
        const auto a = hn::Sub(LoadF32(d, x + i * kBlock + lane), center);
        square0 = hn::MulAdd(a, a, square0);
      }
      hn::StoreU(center, d, mean + lane);
      hn::StoreU(hn::Add(hn::Add(square0, square1), hn::Add(square2, square3)), d, deviation + lane);
    }
  }

  // y = (x - mean) * factor + shift [+ residual] [, ReLU].
  template <bool kRelu, bool kResidual>
  static void Normalize(const T* x, const T* residual, T* y, int64_t spatial, const float* mean, const float* factor,
                        const float* shift) {
    const D d;
    for (size_t lane = 0; lane < kBlock; lane += hn::Lanes(d)) {
      const auto m = hn::LoadU(d, mean + lane), f = hn::LoadU(d, factor + lane), s = hn::LoadU(d, shift + lane);
      for (int64_t i = 0; i < spatial; ++i) {
        const int64_t at = i * kBlock + lane;
        auto value = hn::MulAdd(hn::Sub(LoadF32(d, x + at), m), f, s);
        if (kResidual) value = hn::Add(value, LoadF32(d, residual + at));
        if (kRelu) value = hn::Max(value, hn::Zero(d));
        StoreF32(d, value, y + at);
      }
    }
  }

  // With a residual, the masked gradient is kept: it is the residual's gradient, and the second pass reads it.
  static void Sums(const T* x, const T* y, const T* dy, T* dresidual, int64_t spatial, const float* mean, float* sum,
                   float* product) {
    const D d;
    for (size_t lane = 0; lane < kBlock; lane += hn::Lanes(d)) {
      const auto m = hn::LoadU(d, mean + lane);
      auto sum0 = hn::Zero(d), sum1 = sum0, product0 = sum0, product1 = sum0;
      const auto one = [&](int64_t at, auto* s, auto* p) {
        auto gradient = LoadF32(d, dy + at);
        if (y != nullptr) gradient = hn::IfThenElseZero(hn::Gt(LoadF32(d, y + at), hn::Zero(d)), gradient);
        if (dresidual != nullptr) StoreF32(d, gradient, dresidual + at);
        *s = hn::Add(*s, gradient);
        *p = hn::MulAdd(gradient, hn::Sub(LoadF32(d, x + at), m), *p);
      };
      int64_t i = 0;
      for (; i + 2 <= spatial; i += 2) {
        one(i * kBlock + lane, &sum0, &product0);
        one((i + 1) * kBlock + lane, &sum1, &product1);
      }
      for (; i < spatial; ++i) one(i * kBlock + lane, &sum0, &product0);
      hn::StoreU(hn::Add(sum0, sum1), d, sum + lane);
      hn::StoreU(hn::Add(product0, product1), d, product + lane);
    }
  }

  // dx = factor (dy' - mean_dy) - slope (x - mean).
  static void Apply(const T* x, const T* y, const T* dy, T* dx, int64_t spatial, const float* mean, const float* factor,
                    const float* mean_dy, const float* slope) {
    const D d;
    for (size_t lane = 0; lane < kBlock; lane += hn::Lanes(d)) {
      const auto m = hn::LoadU(d, mean + lane), f = hn::LoadU(d, factor + lane);
      const auto g = hn::LoadU(d, mean_dy + lane), s = hn::LoadU(d, slope + lane);
      for (int64_t i = 0; i < spatial; ++i) {
        const int64_t at = i * kBlock + lane;
        auto gradient = LoadF32(d, dy + at);
        if (y != nullptr) gradient = hn::IfThenElseZero(hn::Gt(LoadF32(d, y + at), hn::Zero(d)), gradient);
        const auto centered = hn::Sub(LoadF32(d, x + at), m);
        StoreF32(d, hn::NegMulAdd(s, centered, hn::Mul(f, hn::Sub(gradient, g))), dx + at);
      }
    }
  }
};

template <typename T>
struct PlainTiles {
  using D = hn::ScalableTag<float>;

  // Vectors over whole lanes, then single pixels.
  template <class Vector, class Scalar>
  static void ForEach(int64_t spatial, const Vector& vector, const Scalar& scalar) {
    const D d;
    const int64_t lanes = hn::Lanes(d);
    int64_t i = 0;
    for (; i + lanes <= spatial; i += lanes) vector(d, i);
    const hn::CappedTag<float, 1> one;
    for (; i < spatial; ++i) scalar(one, i);
  }

  static void Moments(const T* x, int64_t spatial, float* mean, float* deviation) {
    const D d;
    const hn::CappedTag<float, 1> d1;
    auto sums = hn::Zero(d);
    auto sum1 = hn::Zero(d1);
    ForEach(
        spatial, [&](D, int64_t i) { sums = hn::Add(sums, LoadF32(d, x + i)); },
        [&](auto, int64_t i) { sum1 = hn::Add(sum1, LoadF32(d1, x + i)); });
    *mean = (hn::GetLane(hn::SumOfLanes(d, sums)) + hn::GetLane(sum1)) / static_cast<float>(spatial);
    auto squares = hn::Zero(d);
    auto square1 = hn::Zero(d1);
    const auto add = [&](auto tag, int64_t i, auto* accumulator) {
      const auto centered = hn::Sub(LoadF32(tag, x + i), hn::Set(tag, *mean));
      *accumulator = hn::MulAdd(centered, centered, *accumulator);
    };
    ForEach(
        spatial, [&](D, int64_t i) { add(d, i, &squares); }, [&](auto, int64_t i) { add(d1, i, &square1); });
    *deviation = hn::GetLane(hn::SumOfLanes(d, squares)) + hn::GetLane(square1);
  }

  template <bool kRelu, bool kResidual>
  static void Normalize(const T* x, const T* residual, T* y, int64_t spatial, const float* mean, const float* factor,
                        const float* shift) {
    const auto one = [&](auto d, int64_t i) {
      auto value = hn::MulAdd(hn::Sub(LoadF32(d, x + i), hn::Set(d, *mean)), hn::Set(d, *factor), hn::Set(d, *shift));
      if (kResidual) value = hn::Add(value, LoadF32(d, residual + i));
      if (kRelu) value = hn::Max(value, hn::Zero(d));
      StoreF32(d, value, y + i);
    };
    ForEach(spatial, one, one);
  }

  template <class Tag>
  static HWY_INLINE hn::Vec<Tag> Masked(Tag d, const T* y, const T* dy, int64_t i) {
    const auto gradient = LoadF32(d, dy + i);
    if (y == nullptr) return gradient;
    return hn::IfThenElseZero(hn::Gt(LoadF32(d, y + i), hn::Zero(d)), gradient);
  }

  static void Sums(const T* x, const T* y, const T* dy, T* dresidual, int64_t spatial, const float* mean, float* sum,
                   float* product) {
    const D d;
    const hn::CappedTag<float, 1> d1;
    auto sums = hn::Zero(d), products = hn::Zero(d);
    auto sum1 = hn::Zero(d1), product1 = hn::Zero(d1);
    const auto one = [&](auto tag, int64_t i, auto* s, auto* p) {
      const auto gradient = Masked(tag, y, dy, i);
      if (dresidual != nullptr) StoreF32(tag, gradient, dresidual + i);
      *s = hn::Add(*s, gradient);
      *p = hn::MulAdd(gradient, hn::Sub(LoadF32(tag, x + i), hn::Set(tag, *mean)), *p);
    };
    ForEach(
        spatial, [&](D, int64_t i) { one(d, i, &sums, &products); },
        [&](auto, int64_t i) { one(d1, i, &sum1, &product1); });
    *sum = hn::GetLane(hn::SumOfLanes(d, sums)) + hn::GetLane(sum1);
    *product = hn::GetLane(hn::SumOfLanes(d, products)) + hn::GetLane(product1);
  }

  static void Apply(const T* x, const T* y, const T* dy, T* dx, int64_t spatial, const float* mean, const float* factor,
                    const float* mean_dy, const float* slope) {
    const auto one = [&](auto d, int64_t i) {
      const auto gradient = hn::Sub(Masked(d, y, dy, i), hn::Set(d, *mean_dy));
      const auto centered = hn::Sub(LoadF32(d, x + i), hn::Set(d, *mean));
      StoreF32(d, hn::NegMulAdd(hn::Set(d, *slope), centered, hn::Mul(hn::Set(d, *factor), gradient)), dx + i);
    };
    ForEach(spatial, one, one);
  }
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#endif  // ESPALIER_CORE_KERNELS_BATCH_NORM_TILES_INL_H_

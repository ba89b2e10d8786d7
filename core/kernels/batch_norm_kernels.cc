#include "core/kernels/batch_norm_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/batch_norm_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "core/kernels/storage-inl.h"
#include "hwy/highway.h"
// clang-format on

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

template <typename T, class Tiles>
void MomentsOf(const ChannelGeometry& g, const void* x, int64_t begin, int64_t end, float* scratch) {
  const int64_t size = g.spatial * g.block, tiles = g.batch * g.blocks();
  for (int64_t tile = begin; tile < end; ++tile) {
    Tiles::Moments(static_cast<const T*>(x) + tile * size, g.spatial, scratch + tile * g.block,
                   scratch + (tiles + tile) * g.block);
  }
}

template <typename T, class Tiles>
void NormalizeOf(const ChannelGeometry& g, const BatchNormForwardArguments& a, bool relu, const float* mean,
                 const float* factor, const float* shift, int64_t begin, int64_t end) {
  const int64_t size = g.spatial * g.block;
  for (int64_t tile = begin; tile < end; ++tile) {
    const T* x = static_cast<const T*>(a.x) + tile * size;
    const T* residual = a.residual == nullptr ? nullptr : static_cast<const T*>(a.residual) + tile * size;
    T* y = static_cast<T*>(a.y) + tile * size;
    const int64_t channel = tile % g.blocks() * g.block;
    const float *m = mean + channel, *f = factor + channel, *s = shift + channel;
    if (residual != nullptr && relu) Tiles::template Normalize<true, true>(x, residual, y, g.spatial, m, f, s);
    if (residual != nullptr && !relu) Tiles::template Normalize<false, true>(x, residual, y, g.spatial, m, f, s);
    if (residual == nullptr && relu) Tiles::template Normalize<true, false>(x, residual, y, g.spatial, m, f, s);
    if (residual == nullptr && !relu) Tiles::template Normalize<false, false>(x, residual, y, g.spatial, m, f, s);
  }
}

template <typename T, class Tiles>
void SumsOf(const ChannelGeometry& g, const BatchNormBackwardArguments& a, const float* mean, int64_t begin,
            int64_t end) {
  const int64_t size = g.spatial * g.block, tiles = g.batch * g.blocks();
  for (int64_t tile = begin; tile < end; ++tile) {
    const int64_t at = tile * size;
    Tiles::Sums(static_cast<const T*>(a.x) + at, a.y == nullptr ? nullptr : static_cast<const T*>(a.y) + at,
                static_cast<const T*>(a.dy) + at, a.dresidual == nullptr ? nullptr : static_cast<T*>(a.dresidual) + at,
                g.spatial, mean + tile % g.blocks() * g.block, a.scratch + tile * g.block,
                a.scratch + (tiles + tile) * g.block);
  }
}

template <typename T, class Tiles>
void ApplyOf(const ChannelGeometry& g, const BatchNormBackwardArguments& a, const float* mean, const float* factor,
             const float* mean_dy, const float* slope, int64_t begin, int64_t end) {
  const int64_t size = g.spatial * g.block;
  const T* masked = static_cast<const T*>(a.dresidual);
  for (int64_t tile = begin; tile < end; ++tile) {
    const int64_t at = tile * size, channel = tile % g.blocks() * g.block;
    const T* y = a.y == nullptr || masked != nullptr ? nullptr : static_cast<const T*>(a.y) + at;
    const T* dy = (masked != nullptr ? masked : static_cast<const T*>(a.dy)) + at;
    Tiles::Apply(static_cast<const T*>(a.x) + at, y, dy, static_cast<T*>(a.dx) + at, g.spatial, mean + channel,
                 factor + channel, mean_dy + channel, slope + channel);
  }
}

// Calls `f` with the element type and the tile kind.
template <class F>
HWY_INLINE void Select(DType dtype, int64_t block, const F& f) {
  const auto with_type = [&](auto value) {
    using T = decltype(value);
    if (block == 16) return f(value, BlockedTiles<T, 16>());
    if (block == 8) return f(value, BlockedTiles<T, 8>());
    f(value, PlainTiles<T>());
  };
  if (dtype == DType::kF32) with_type(float());
  if (dtype == DType::kBF16) with_type(BFloat16());
  if (dtype == DType::kF16) with_type(Float16());
}

void Moments(DType dtype, const ChannelGeometry& g, const void* x, int64_t begin, int64_t end, float* scratch) {
  Select(dtype, g.block,
         [&](auto type, auto tiles) { MomentsOf<decltype(type), decltype(tiles)>(g, x, begin, end, scratch); });
}

void Normalize(DType dtype, const ChannelGeometry& g, const BatchNormForwardArguments& a, bool relu, const float* mean,
               const float* factor, const float* shift, int64_t begin, int64_t end) {
  Select(dtype, g.block, [&](auto type, auto tiles) {
    NormalizeOf<decltype(type), decltype(tiles)>(g, a, relu, mean, factor, shift, begin, end);
  });
}

void Sums(DType dtype, const ChannelGeometry& g, const BatchNormBackwardArguments& a, const float* mean, int64_t begin,
          int64_t end) {
  Select(dtype, g.block,
         [&](auto type, auto tiles) { SumsOf<decltype(type), decltype(tiles)>(g, a, mean, begin, end); });
}

void Apply(DType dtype, const ChannelGeometry& g, const BatchNormBackwardArguments& a, const float* mean,
           const float* factor, const float* mean_dy, const float* slope, int64_t begin, int64_t end) {
  Select(dtype, g.block, [&](auto type, auto tiles) {
    ApplyOf<decltype(type), decltype(tiles)>(g, a, mean, factor, mean_dy, slope, begin, end);
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {
namespace {

HWY_EXPORT(Moments);
HWY_EXPORT(Normalize);
HWY_EXPORT(Sums);
HWY_EXPORT(Apply);

// Each thread's own tiles, upwards.
template <class F>
void ForTiles(int64_t tiles, const F& f) {
  ParallelRanges(tiles, 1, 0, f);
}

// The same tiles, downwards: a second pass begins with what the first one left in the thread's cache.
template <class F>
void ForTilesBackwards(int64_t tiles, const F& f) {
  ForTiles(tiles, [&](int64_t begin, int64_t end) {
    for (int64_t tile = end - 1; tile >= begin; --tile) f(tile, tile + 1);
  });
}

// The part of the scratch after the tiles' numbers: four rows of padded channels.
float* ChannelRow(const ChannelGeometry& g, float* scratch, int row) {
  return scratch + 2 * g.batch * g.padded_channels() + row * g.padded_channels();
}

// Rows 0..2 = mean, scale / sqrt(variance + epsilon), shift, zero in padding channels.
void FillNormalizers(const ChannelGeometry& g, float epsilon, const BatchNormForwardArguments& a) {
  float *mean = ChannelRow(g, a.scratch, 0), *factor = ChannelRow(g, a.scratch, 1),
        *shift = ChannelRow(g, a.scratch, 2);
  std::memset(mean, 0, 3 * g.padded_channels() * sizeof(float));
  for (int64_t c = 0; c < g.channels; ++c) {
    mean[c] = a.mean[c];
    factor[c] = a.scale[c] / std::sqrt(a.variance[c] + epsilon);
    shift[c] = a.shift[c];
  }
}

// Combines the tiles' means and squared deviations (Chan, Golub and LeVeque 1983), in the samples' order.
void CombineMoments(const ChannelGeometry& g, const BatchNormForwardArguments& a) {
  const int64_t row = g.padded_channels();
  const float *means = a.scratch, *deviations = a.scratch + g.batch * row;
  for (int64_t c = 0; c < g.channels; ++c) {
    double total = 0;
    for (int64_t n = 0; n < g.batch; ++n) total += means[n * row + c];
    const double mean = total / static_cast<double>(g.batch);
    double squares = 0;
    for (int64_t n = 0; n < g.batch; ++n) {
      const double offset = means[n * row + c] - mean;
      squares += deviations[n * row + c] + offset * offset * static_cast<double>(g.spatial);
    }
    a.mean[c] = static_cast<float>(mean);
    a.variance[c] = static_cast<float>(squares / static_cast<double>(g.batch * g.spatial));
  }
}

}  // namespace

size_t BatchNormScratchBytes(const ChannelGeometry& g) {
  return (2 * g.batch + 4) * g.padded_channels() * sizeof(float);
}

void BatchNormInference(DType dtype, const ChannelGeometry& g, float epsilon, bool relu,
                        const BatchNormForwardArguments& a) {
  FillNormalizers(g, epsilon, a);
  const auto normalize = HWY_DYNAMIC_DISPATCH(Normalize);
  ForTilesBackwards(g.batch * g.blocks(), [&](int64_t begin, int64_t end) {
    normalize(dtype, g, a, relu, ChannelRow(g, a.scratch, 0), ChannelRow(g, a.scratch, 1), ChannelRow(g, a.scratch, 2),
              begin, end);
  });
}

void BatchNormTrain(DType dtype, const ChannelGeometry& g, float epsilon, bool relu,
                    const BatchNormForwardArguments& a) {
  const auto moments = HWY_DYNAMIC_DISPATCH(Moments);
  ForTiles(g.batch * g.blocks(), [&](int64_t begin, int64_t end) { moments(dtype, g, a.x, begin, end, a.scratch); });
  CombineMoments(g, a);
  BatchNormInference(dtype, g, epsilon, relu, a);
}

void BatchNormBackward(DType dtype, const ChannelGeometry& g, float epsilon, const BatchNormBackwardArguments& a) {
  const int64_t row = g.padded_channels();
  float *mean = ChannelRow(g, a.scratch, 0), *factor = ChannelRow(g, a.scratch, 1),
        *mean_dy = ChannelRow(g, a.scratch, 2), *slope = ChannelRow(g, a.scratch, 3);
  std::memset(mean, 0, 4 * row * sizeof(float));
  std::copy(a.mean, a.mean + g.channels, mean);
  const auto sums = HWY_DYNAMIC_DISPATCH(Sums);
  ForTiles(g.batch * g.blocks(), [&](int64_t begin, int64_t end) { sums(dtype, g, a, mean, begin, end); });
  const float *tile_sums = a.scratch, *tile_products = a.scratch + g.batch * row;
  const double count = static_cast<double>(g.batch * g.spatial);
  for (int64_t c = 0; c < g.channels; ++c) {
    double sum = 0, product = 0;
    for (int64_t n = 0; n < g.batch; ++n) {
      sum += tile_sums[n * row + c];
      product += tile_products[n * row + c];
    }
    const double inverse = 1.0 / std::sqrt(static_cast<double>(a.variance[c]) + epsilon);
    a.dshift[c] = static_cast<float>(sum);
    a.dscale[c] = static_cast<float>(product * inverse);
    factor[c] = static_cast<float>(a.scale[c] * inverse);
    mean_dy[c] = static_cast<float>(sum / count);
    // dx = scale / s (dy' - mean(dy') - xhat mean(dy' xhat)), xhat = (x - mean) / s.
    slope[c] = static_cast<float>(a.scale[c] * inverse * inverse * inverse * product / count);
  }
  const auto apply = HWY_DYNAMIC_DISPATCH(Apply);
  ForTilesBackwards(g.batch * g.blocks(),
                    [&](int64_t begin, int64_t end) { apply(dtype, g, a, mean, factor, mean_dy, slope, begin, end); });
}

}  // namespace espalier
#endif  // HWY_ONCE

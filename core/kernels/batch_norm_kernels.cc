#include "core/kernels/batch_norm_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/batch_norm_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "core/kernels/batch_norm_tiles-inl.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

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

// The part of the scratch after the channels' rows: [count, a sum for each channel, another for each channel].
double* RankSums(const ChannelGeometry& g, float* scratch) {
  return reinterpret_cast<double*>(ChannelRow(g, scratch, 4));
}

int64_t RankSumCount(const ChannelGeometry& g) { return 1 + 2 * g.channels; }

// A channel's mean, and its sum of squared deviations from it.
struct ChannelMoments {
  double mean, squares;
};

// Combines the tiles' means and squared deviations (Chan, Golub and LeVeque 1983), in the samples' order.
ChannelMoments CombineMoments(const ChannelGeometry& g, const float* scratch, int64_t c) {
  const int64_t row = g.padded_channels();
  const float *means = scratch, *deviations = scratch + g.batch * row;
  double total = 0;
  for (int64_t n = 0; n < g.batch; ++n) total += means[n * row + c];
  const double mean = total / static_cast<double>(g.batch);
  double squares = 0;
  for (int64_t n = 0; n < g.batch; ++n) {
    const double offset = means[n * row + c] - mean;
    squares += deviations[n * row + c] + offset * offset * static_cast<double>(g.spatial);
  }
  return {mean, squares};
}

void SetMoments(const ChannelGeometry& g, const BatchNormForwardArguments& a) {
  for (int64_t c = 0; c < g.channels; ++c) {
    const ChannelMoments moments = CombineMoments(g, a.scratch, c);
    a.mean[c] = static_cast<float>(moments.mean);
    a.variance[c] = static_cast<float>(moments.squares / static_cast<double>(g.batch * g.spatial));
  }
}

void SetSynchronizedMoments(const ChannelGeometry& g, const BatchNormForwardArguments& a) {
  double *sums = RankSums(g, a.scratch), *totals = sums + 1, *squares = totals + g.channels;
  const double own_count = static_cast<double>(g.batch * g.spatial);
  sums[0] = own_count;
  for (int64_t c = 0; c < g.channels; ++c) {
    const ChannelMoments moments = CombineMoments(g, a.scratch, c);
    totals[c] = own_count * moments.mean;
    squares[c] = moments.squares + totals[c] * moments.mean;
  }
  a.reducer->AllReduce(sums, RankSumCount(g));
  for (int64_t c = 0; c < g.channels; ++c) {
    const double mean = totals[c] / sums[0], variance = squares[c] / sums[0] - mean * mean;
    a.mean[c] = static_cast<float>(mean);
    a.variance[c] = variance < 0 ? 0 : static_cast<float>(variance);  // NaN stays
  }
}

// Writes dscale and dshift, and rows 1..3 = factor, mean_dy, slope of Apply.
void SetSlopes(const ChannelGeometry& g, float epsilon, const BatchNormBackwardArguments& a) {
  const int64_t row = g.padded_channels();
  const float *tile_sums = a.scratch, *tile_products = a.scratch + g.batch * row;
  double *sums = RankSums(g, a.scratch), *totals = sums + 1, *products = totals + g.channels;
  const auto inverse_deviation = [&](int64_t c) {
    return 1.0 / std::sqrt(static_cast<double>(a.variance[c]) + epsilon);
  };
  sums[0] = static_cast<double>(g.batch * g.spatial);
  for (int64_t c = 0; c < g.channels; ++c) {
    double sum = 0, product = 0;
    for (int64_t n = 0; n < g.batch; ++n) {
      sum += tile_sums[n * row + c];
      product += tile_products[n * row + c];
    }
    a.dshift[c] = static_cast<float>(sum);
    a.dscale[c] = static_cast<float>(product * inverse_deviation(c));
    totals[c] = sum;
    products[c] = product;
  }
  if (a.reducer != nullptr) a.reducer->AllReduce(sums, RankSumCount(g));
  const double count = sums[0];
  float *factor = ChannelRow(g, a.scratch, 1), *mean_dy = ChannelRow(g, a.scratch, 2),
        *slope = ChannelRow(g, a.scratch, 3);
  for (int64_t c = 0; c < g.channels; ++c) {
    const double inverse = inverse_deviation(c);
    factor[c] = static_cast<float>(a.scale[c] * inverse);
    mean_dy[c] = static_cast<float>(totals[c] / count);
    // dx = scale / s (dy' - mean(dy') - xhat mean(dy' xhat)), xhat = (x - mean) / s.
    slope[c] = static_cast<float>(a.scale[c] * inverse * inverse * inverse * products[c] / count);
  }
}

}  // namespace

size_t BatchNormScratchBytes(const ChannelGeometry& g) {
  return (2 * g.batch + 4) * g.padded_channels() * sizeof(float) + RankSumCount(g) * sizeof(double);
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
  if (a.reducer == nullptr) SetMoments(g, a);
  if (a.reducer != nullptr) SetSynchronizedMoments(g, a);
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
  SetSlopes(g, epsilon, a);
  const auto apply = HWY_DYNAMIC_DISPATCH(Apply);
  ForTilesBackwards(g.batch * g.blocks(),
                    [&](int64_t begin, int64_t end) { apply(dtype, g, a, mean, factor, mean_dy, slope, begin, end); });
}

}  // namespace espalier
#endif  // HWY_ONCE

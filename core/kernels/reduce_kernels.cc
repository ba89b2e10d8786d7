#include "core/kernels/reduce_kernels.h"

#include <cstring>

#include "core/kernels/parallel.h"
#include "glog/logging.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/reduce_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "core/kernels/storage-inl.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

// Partial sums are closed after this many vectors, so that the rounding error of a long sum grows with the number of
// groups, not of elements.
constexpr int64_t kGroup = 256;

template <typename T>
HWY_INLINE float ScalarOf(T value) {
  const hn::CappedTag<float, 1> one;
  return hn::GetLane(LoadF32(one, &value));
}

template <typename T>
HWY_INLINE void StoreScalar(float value, T* to) {
  const hn::CappedTag<float, 1> one;
  StoreF32(one, hn::Set(one, value), to);
}

// The sum of `count` vectors, the i-th at x + i * stride.
template <class D, typename T>
HWY_INLINE hn::Vec<D> SumOfVectors(D d, const T* x, int64_t count, int64_t stride) {
  auto total = hn::Zero(d);
  for (int64_t group = 0; group < count; group += kGroup) {
    const int64_t end = HWY_MIN(count, group + kGroup);
    auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    int64_t i = group;
    for (; i + 4 <= end; i += 4) {
      const T* p = x + i * stride;
      sum0 = hn::Add(sum0, LoadF32(d, p));
      sum1 = hn::Add(sum1, LoadF32(d, p + stride));
      sum2 = hn::Add(sum2, LoadF32(d, p + 2 * stride));
      sum3 = hn::Add(sum3, LoadF32(d, p + 3 * stride));
    }
    for (; i < end; ++i) sum0 = hn::Add(sum0, LoadF32(d, x + i * stride));
    total = hn::Add(total, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3)));
  }
  return total;
}

template <typename T>
HWY_INLINE float RowSum(const T* x, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d), vectors = count / lanes;
  float sum = hn::GetLane(hn::SumOfLanes(d, SumOfVectors(d, x, vectors, lanes)));
  for (int64_t i = vectors * lanes; i < count; ++i) sum += ScalarOf(x[i]);
  return sum;
}

// Tiles [first, last) of batch x blocks: sums over pixels, `stride` elements of y from sample to sample.
template <int kBlock, typename T, typename Out>
void SumTiles(const ChannelGeometry& g, const T* x, float divisor, int64_t first, int64_t last, Out* y,
              int64_t stride) {
  const hn::CappedTag<float, kBlock> d;
  for (int64_t tile = first; tile < last; ++tile) {
    const T* pixels = x + tile * g.spatial * kBlock;
    const int64_t channel = tile % g.blocks() * kBlock;
    Out* to = y + tile / g.blocks() * stride + channel;
    if constexpr (kBlock == 1) {
      StoreScalar(RowSum(pixels, g.spatial) / divisor, to);
    } else {
      Out buffer[kBlock];
      for (size_t lane = 0; lane < kBlock; lane += hn::Lanes(d)) {
        const auto sum = SumOfVectors(d, pixels + lane, g.spatial, kBlock);
        StoreF32(d, hn::Div(sum, hn::Set(d, divisor)), buffer + lane);
      }
      std::memcpy(to, buffer, HWY_MIN(kBlock, stride - channel) * sizeof(Out));
    }
  }
}

template <int kBlock, typename T>
void BroadcastTiles(const ChannelGeometry& g, const T* dy, float divisor, int64_t first, int64_t last, T* dx) {
  const hn::CappedTag<float, kBlock == 1 ? hn::MaxLanes(hn::ScalableTag<float>()) : size_t{kBlock}> d;
  const int64_t lanes = hn::Lanes(d);
  for (int64_t tile = first; tile < last; ++tile) {
    const int64_t channel = tile % g.blocks() * kBlock;
    const T* from = dy + tile / g.blocks() * g.channels + channel;
    T* to = dx + tile * g.spatial * kBlock;
    if constexpr (kBlock == 1) {
      const float value = ScalarOf(*from) / divisor;
      const auto values = hn::Set(d, value);
      int64_t i = 0;
      for (; i + lanes <= g.spatial; i += lanes) StoreF32(d, values, to + i);
      for (; i < g.spatial; ++i) StoreScalar(value, to + i);
    } else {
      T buffer[kBlock] = {};
      std::memcpy(buffer, from, HWY_MIN(int64_t{kBlock}, g.channels - channel) * sizeof(T));
      for (int64_t lane = 0; lane < kBlock; lane += lanes) {
        const auto values = hn::Div(LoadF32(d, buffer + lane), hn::Set(d, divisor));
        for (int64_t i = 0; i < g.spatial; ++i) StoreF32(d, values, to + i * kBlock + lane);
      }
    }
  }
}

// Columns [first, last) of x [rows, stride].
template <typename T, typename Out>
void SumColumns(const T* x, int64_t rows, int64_t stride, float divisor, int64_t first, int64_t last, Out* y) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t lanes = hn::Lanes(d);
  int64_t column = first;
  for (; column + lanes <= last; column += lanes) {
    StoreF32(d, hn::Div(SumOfVectors(d, x + column, rows, stride), hn::Set(d, divisor)), y + column);
  }
  for (; column < last; ++column) {
    StoreF32(one, hn::Div(SumOfVectors(one, x + column, rows, stride), hn::Set(one, divisor)), y + column);
  }
}

template <typename T, typename Out>
void SumTilesOfType(const ChannelGeometry& g, const void* x, float divisor, int64_t first, int64_t last, void* y,
                    int64_t stride) {
  const T* from = static_cast<const T*>(x);
  Out* to = static_cast<Out*>(y);
  if (g.block == 16) return SumTiles<16>(g, from, divisor, first, last, to, stride);
  if (g.block == 8) return SumTiles<8>(g, from, divisor, first, last, to, stride);
  SumTiles<1>(g, from, divisor, first, last, to, stride);
}

void SumTilesKernel(DType from, DType to, const ChannelGeometry& g, const void* x, float divisor, int64_t first,
                    int64_t last, void* y, int64_t stride) {
  if (from == DType::kBF16 && to == DType::kBF16) {
    return SumTilesOfType<BFloat16, BFloat16>(g, x, divisor, first, last, y, stride);
  }
  if (from == DType::kF16 && to == DType::kF16) {
    return SumTilesOfType<Float16, Float16>(g, x, divisor, first, last, y, stride);
  }
  if (from == DType::kBF16) return SumTilesOfType<BFloat16, float>(g, x, divisor, first, last, y, stride);
  if (from == DType::kF16) return SumTilesOfType<Float16, float>(g, x, divisor, first, last, y, stride);
  SumTilesOfType<float, float>(g, x, divisor, first, last, y, stride);
}

template <typename T>
void BroadcastOfType(const ChannelGeometry& g, const void* dy, float divisor, int64_t first, int64_t last, void* dx) {
  const T* from = static_cast<const T*>(dy);
  T* to = static_cast<T*>(dx);
  if (g.block == 16) return BroadcastTiles<16>(g, from, divisor, first, last, to);
  if (g.block == 8) return BroadcastTiles<8>(g, from, divisor, first, last, to);
  BroadcastTiles<1>(g, from, divisor, first, last, to);
}

void BroadcastKernel(DType dtype, const ChannelGeometry& g, const void* dy, float divisor, int64_t first, int64_t last,
                     void* dx) {
  if (dtype == DType::kBF16) return BroadcastOfType<BFloat16>(g, dy, divisor, first, last, dx);
  if (dtype == DType::kF16) return BroadcastOfType<Float16>(g, dy, divisor, first, last, dx);
  BroadcastOfType<float>(g, dy, divisor, first, last, dx);
}

template <typename T, typename Out>
void SumColumnsOfType(const void* x, int64_t rows, int64_t stride, float divisor, int64_t first, int64_t last,
                      void* y) {
  SumColumns(static_cast<const T*>(x), rows, stride, divisor, first, last, static_cast<Out*>(y));
}

void SumColumnsKernel(DType from, DType to, const void* x, int64_t rows, int64_t stride, float divisor, int64_t first,
                      int64_t last, void* y) {
  if (from == DType::kBF16 && to == DType::kBF16) {
    return SumColumnsOfType<BFloat16, BFloat16>(x, rows, stride, divisor, first, last, y);
  }
  if (from == DType::kF16 && to == DType::kF16) {
    return SumColumnsOfType<Float16, Float16>(x, rows, stride, divisor, first, last, y);
  }
  if (from == DType::kBF16) return SumColumnsOfType<BFloat16, float>(x, rows, stride, divisor, first, last, y);
  if (from == DType::kF16) return SumColumnsOfType<Float16, float>(x, rows, stride, divisor, first, last, y);
  SumColumnsOfType<float, float>(x, rows, stride, divisor, first, last, y);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {
namespace {

HWY_EXPORT(SumTilesKernel);
HWY_EXPORT(BroadcastKernel);
HWY_EXPORT(SumColumnsKernel);

void CheckBlock(const ChannelGeometry& geometry) {
  CHECK(geometry.block == 1 || geometry.block == 8 || geometry.block == 16) << "channel block " << geometry.block;
}

// Below how many units (tiles, columns) of `elements` each one thread does all.
int64_t SerialUnits(int64_t elements) { return kSerialElements / (elements + 1) + 1; }

void SumTiles(DType from, DType to, const ChannelGeometry& g, const void* x, float divisor, void* y, int64_t stride) {
  CheckBlock(g);
  ParallelRanges(g.batch * g.blocks(), 1, SerialUnits(g.spatial * g.block), [&](int64_t first, int64_t last) {
    HWY_DYNAMIC_DISPATCH(SumTilesKernel)(from, to, g, x, divisor, first, last, y, stride);
  });
}

void SumColumns(DType from, DType to, const void* x, int64_t rows, int64_t stride, float divisor, int64_t columns,
                void* y) {
  constexpr int64_t kGrain = 64;
  ParallelRanges(columns, kGrain, SerialUnits(rows), [&](int64_t first, int64_t last) {
    HWY_DYNAMIC_DISPATCH(SumColumnsKernel)(from, to, x, rows, stride, divisor, first, last, y);
  });
}

}  // namespace

void SpatialSum(DType dtype, const ChannelGeometry& geometry, const void* x, float divisor, void* y) {
  SumTiles(dtype, dtype, geometry, x, divisor, y, geometry.channels);
}

void SpatialBroadcast(DType dtype, const ChannelGeometry& geometry, const void* dy, float divisor, void* dx) {
  CheckBlock(geometry);
  ParallelRanges(geometry.batch * geometry.blocks(), 1, SerialUnits(geometry.spatial * geometry.block),
                 [&](int64_t first, int64_t last) {
                   HWY_DYNAMIC_DISPATCH(BroadcastKernel)(dtype, geometry, dy, divisor, first, last, dx);
                 });
}

void ColumnSum(DType dtype, int64_t rows, int64_t columns, const void* x, float divisor, void* y) {
  SumColumns(dtype, dtype, x, rows, columns, divisor, columns, y);
}

size_t ChannelSumScratchBytes(const ChannelGeometry& geometry) {
  return geometry.spatial == 1 ? 0 : geometry.batch * geometry.padded_channels() * sizeof(float);
}

void ChannelSum(DType dtype, const ChannelGeometry& geometry, const void* dy, float* scratch, float* sums) {
  const int64_t stride = geometry.padded_channels();
  if (geometry.spatial == 1) {
    return SumColumns(dtype, DType::kF32, dy, geometry.batch, stride, 1, geometry.channels, sums);
  }
  SumTiles(dtype, DType::kF32, geometry, dy, 1, scratch, stride);
  SumColumns(DType::kF32, DType::kF32, scratch, geometry.batch, stride, 1, geometry.channels, sums);
}

}  // namespace espalier
#endif  // HWY_ONCE

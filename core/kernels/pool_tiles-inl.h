// The inner loops of pooling over one tile (one sample's channel block), for Highway kernels. Included once per target,
// inside foreach_target's loop.
#if defined(ESPALIER_CORE_KERNELS_POOL_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ESPALIER_CORE_KERNELS_POOL_TILES_INL_H_
#undef ESPALIER_CORE_KERNELS_POOL_TILES_INL_H_
#else
#define ESPALIER_CORE_KERNELS_POOL_TILES_INL_H_
#endif

#include <cstring>

#include "core/kernels/pool_kernels.h"
#include "core/kernels/storage-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

// The part of the input that a window covers; with several lanes along a row, that of the first one.
struct PoolWindow {
  int64_t row_begin, row_end, column_begin, column_end;
};

// Lanes `kStep` elements apart. With a step of 2, one element after the last lane's is read too.
template <int kStep, class D, typename T>
HWY_INLINE hn::Vec<D> LoadLanes(D d, const T* from) {
  if constexpr (kStep == 1 || hn::MaxLanes(D()) == 1) {
    return LoadF32(d, from);
  } else {
    return hn::ConcatEven(d, LoadF32(d, from + hn::Lanes(d)), LoadF32(d, from));
  }
}

// 1 / the window's divisor.
struct InverseDivisor {
  explicit InverseDivisor(const PoolGeometry& geometry)
      : g(geometry), area(g.rows.kernel * g.columns.kernel), inverse_area(1.0f / static_cast<float>(area)) {}
  HWY_INLINE float operator()(int64_t row, int64_t column) const {
    const int64_t divisor = g.rows.Count(row, g.count_padding) * g.columns.Count(column, g.count_padding);
    return divisor == area ? inverse_area : 1.0f / static_cast<float>(divisor);
  }
  const PoolGeometry& g;
  int64_t area;
  float inverse_area;
};

// What a forward tile computes of each window. Run<kStep>(d, lane, window, out) writes the outputs from the `out`-th
// on: in channel blocks one, of the channels from `lane` on; in plain tiles one for each lane, whose windows lie kStep
// apart.
template <typename T, int kBlock, bool kArgmax>
struct MaxOfWindow {
  template <int kStep, class D>
  HWY_INLINE void Run(D d, int64_t lane, const PoolWindow& window, int64_t out) const {
    const hn::RebindToSigned<D> i32;
    const int64_t width = g.columns.size;
    const auto load = [&](int64_t at) HWY_ATTR { return LoadLanes<kStep>(d, x + at * kBlock + lane); };
    const int64_t first = window.row_begin * width + window.column_begin;
    auto best = load(first);
    auto best_at = hn::Set(i32, static_cast<int32_t>(first));
    for (int64_t h = window.row_begin; h < window.row_end; ++h) {
      for (int64_t w = window.column_begin; w < window.column_end; ++w) {
        const auto value = load(h * width + w);
        const auto better = hn::Gt(value, best);
        best = hn::IfThenElse(better, value, best);
        if (kArgmax) {
          const auto here = hn::Set(i32, static_cast<int32_t>(h * width + w));
          best_at = hn::IfThenElse(hn::RebindMask(i32, better), here, best_at);
        }
      }
    }
    StoreF32(d, best, y + out * kBlock + lane);
    if (!kArgmax) return;
    if (kBlock == 1) {
      best_at = hn::Add(best_at, hn::Mul(hn::Iota(i32, 0), hn::Set(i32, kStep)));
    } else {
      const auto real = hn::Lt(hn::Iota(i32, static_cast<int32_t>(lane)), hn::Set(i32, static_cast<int32_t>(channels)));
      best_at = hn::IfThenElseZero(real, best_at);
    }
    hn::StoreU(best_at, i32, argmax + out * kBlock + lane);
  }

  const PoolGeometry& g;
  const T* x;
  T* y;
  int32_t* argmax;
  int64_t channels;  // of this tile that are not padding
};

template <typename T, int kBlock>
struct AverageOfWindow {
  template <int kStep, class D>
  HWY_INLINE void Run(D d, int64_t lane, const PoolWindow& window, int64_t out) const {
    const int64_t width = g.columns.size;
    auto sum = hn::Zero(d);
    for (int64_t h = window.row_begin; h < window.row_end; ++h) {
      for (int64_t w = window.column_begin; w < window.column_end; ++w) {
        sum = hn::Add(sum, LoadLanes<kStep>(d, x + (h * width + w) * kBlock + lane));
      }
    }
    const int64_t row = out / g.columns.out_size, column = out % g.columns.out_size;
    const int64_t divisor = g.rows.Count(row, g.count_padding) * g.columns.Count(column, g.count_padding);
    StoreF32(d, hn::Div(sum, hn::Set(d, static_cast<float>(divisor))), y + out * kBlock + lane);
  }

  const PoolGeometry& g;
  const T* x;
  T* y;
};

template <int kBlock>
struct ForwardTile {
  template <class Outputs>
  static void Run(const PoolGeometry& g, const Outputs& outputs) {
    const hn::CappedTag<float, kBlock> d;
    for (int64_t row = 0; row < g.rows.out_size; ++row) {
      for (int64_t column = 0; column < g.columns.out_size; ++column) {
        const PoolWindow window = {g.rows.Begin(row), g.rows.End(row), g.columns.Begin(column), g.columns.End(column)};
        for (int64_t lane = 0; lane < kBlock; lane += hn::Lanes(d)) {
          outputs.template Run<1>(d, lane, window, row * g.columns.out_size + column);
        }
      }
    }
  }
};

// Plain: neighbouring windows of a row fill the lanes, those on the border come one by one.
template <>
struct ForwardTile<1> {
  template <class Outputs>
  static void Run(const PoolGeometry& g, const Outputs& outputs) {
    if (g.columns.stride == 1) return RunStep<1>(g, outputs);
    if (g.columns.stride == 2) return RunStep<2>(g, outputs);
    const hn::CappedTag<float, 1> one;
    for (int64_t row = 0; row < g.rows.out_size; ++row) Row<1>(one, g, row, 0, g.columns.out_size, outputs);
  }

  template <int kStep, class Outputs>
  static void RunStep(const PoolGeometry& g, const Outputs& outputs) {
    const hn::CappedTag<float, 1> one;
    const hn::CappedTag<float, 4> narrow;
    const hn::ScalableTag<float> wide;
    const int64_t width = g.columns.out_size;
    const int64_t border = std::min(width, (g.columns.pad + kStep - 1) / kStep);
    for (int64_t row = 0; row < g.rows.out_size; ++row) {
      int64_t column = Row<1>(one, g, row, 0, border, outputs);
      column = Row<kStep>(wide, g, row, column, width, outputs);
      column = Row<kStep>(narrow, g, row, column, width, outputs);
      Row<1>(one, g, row, column, width, outputs);
    }
  }

  // Whole vectors of windows from `column` on, as long as all lies within the row; returns the first one left.
  template <int kStep, class D, class Outputs>
  static HWY_INLINE int64_t Row(D d, const PoolGeometry& g, int64_t row, int64_t column, int64_t end,
                                const Outputs& outputs) {
    const PoolAxis& axis = g.columns;
    const int64_t lanes = hn::Lanes(d);
    for (; column + lanes <= end; column += lanes) {
      if (lanes > 1 && axis.Start(column) + axis.kernel - 1 + kStep * lanes > axis.size) break;
      const PoolWindow window = {g.rows.Begin(row), g.rows.End(row), axis.Begin(column), axis.End(column)};
      outputs.template Run<kStep>(d, 0, window, row * axis.out_size + column);
    }
    return column;
  }
};

// FirstOut and EndOut of positions in ascending order, without divisions.
struct CoveringWindows {
  explicit CoveringWindows(const PoolAxis& a) : axis(a) {}
  HWY_INLINE void MoveTo(int64_t at) {
    while (end < axis.out_size && axis.Start(end) <= at) ++end;
    while (begin < end && axis.Start(begin) + axis.kernel <= at) ++begin;
  }
  const PoolAxis axis;
  int64_t begin = 0, end = 0;
};

// dx gathers: each pixel sums what the windows that cover it give to it.
template <typename T, int kBlock>
struct BackwardTile {
  template <class Term>
  static HWY_INLINE void Gather(const PoolGeometry& g, T* dx, const Term& term) {
    const hn::CappedTag<float, kBlock> d;
    for (int64_t h = 0; h < g.rows.size; ++h) {
      const int64_t row_begin = g.rows.FirstOut(h), row_end = g.rows.EndOut(h);
      CoveringWindows covering(g.columns);
      for (int64_t w = 0; w < g.columns.size; ++w) {
        covering.MoveTo(w);
        const int64_t pixel = h * g.columns.size + w;
        for (int64_t lane = 0; lane < kBlock; lane += hn::Lanes(d)) {
          auto sum = hn::Zero(d);
          for (int64_t row = row_begin; row < row_end; ++row) {
            for (int64_t column = covering.begin; column < covering.end; ++column) {
              sum = hn::Add(sum, term(d, pixel, row, column, lane));
            }
          }
          StoreF32(d, sum, dx + pixel * kBlock + lane);
        }
      }
    }
  }

  static void Max(const PoolGeometry& g, const T* dy, const int32_t* argmax, T* dx) {
    Gather(g, dx, [&](auto d, int64_t pixel, int64_t row, int64_t column, int64_t lane) HWY_ATTR {
      const hn::RebindToSigned<decltype(d)> i32;
      const int64_t at = (row * g.columns.out_size + column) * kBlock + lane;
      const auto chosen = hn::Eq(hn::LoadU(i32, argmax + at), hn::Set(i32, static_cast<int32_t>(pixel)));
      return hn::IfThenElseZero(hn::RebindMask(d, chosen), LoadF32(d, dy + at));
    });
  }

  static void Average(const PoolGeometry& g, const T* dy, T* dx) {
    const InverseDivisor inverse(g);
    Gather(g, dx, [&](auto d, int64_t, int64_t row, int64_t column, int64_t lane) HWY_ATTR {
      const int64_t at = (row * g.columns.out_size + column) * kBlock + lane;
      return hn::Mul(LoadF32(d, dy + at), hn::Set(d, inverse(row, column)));
    });
  }
};

// Plain: windows scatter into f32 sums of one band of pixels at a time.
template <typename T>
struct BackwardTile<T, 1> {
  static constexpr int64_t kBand = 4096;

  static HWY_INLINE float ScalarOf(const T* from) {
    const hn::CappedTag<float, 1> one;
    return hn::GetLane(LoadF32(one, from));
  }

  // Calls scatter(sums, begin, end, row) for bands [begin, end) of pixels and the rows of windows that touch them.
  template <class Scatter>
  static HWY_INLINE void Bands(const PoolGeometry& g, T* dx, const Scatter& scatter) {
    HWY_ALIGN float sums[kBand];
    for (int64_t begin = 0; begin < g.pixels(); begin += kBand) {
      const int64_t end = std::min(g.pixels(), begin + kBand);
      std::memset(sums, 0, (end - begin) * sizeof(float));
      const int64_t row_end = g.rows.EndOut((end - 1) / g.columns.size);
      for (int64_t row = g.rows.FirstOut(begin / g.columns.size); row < row_end; ++row) scatter(sums, begin, end, row);
      Store(sums, end - begin, dx + begin);
    }
  }

  static void Store(const float* sums, int64_t count, T* dx) {
    const hn::ScalableTag<float> d;
    const hn::CappedTag<float, 1> one;
    const int64_t lanes = hn::Lanes(d);
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) StoreF32(d, hn::Load(d, sums + i), dx + i);
    for (; i < count; ++i) StoreF32(one, hn::LoadU(one, sums + i), dx + i);
  }

  static void Max(const PoolGeometry& g, const T* dy, const int32_t* argmax, T* dx) {
    const int64_t width = g.columns.out_size;
    Bands(g, dx, [&](float* sums, int64_t begin, int64_t end, int64_t row) HWY_ATTR {
      for (int64_t out = row * width; out < (row + 1) * width; ++out) {
        const int64_t at = argmax[out];
        if (at >= begin && at < end) sums[at - begin] += ScalarOf(dy + out);
      }
    });
  }

  static void Average(const PoolGeometry& g, const T* dy, T* dx) {
    const InverseDivisor inverse(g);
    const PoolAxis& columns = g.columns;
    Bands(g, dx, [&](float* sums, int64_t begin, int64_t end, int64_t row) HWY_ATTR {
      HWY_ALIGN float line[kBand];  // what this row of windows gives to each of the rows [row_begin, row_end)
      const int64_t row_begin = g.rows.Begin(row), row_end = g.rows.End(row);
      for (int64_t from = 0; from < columns.size; from += kBand) {
        const int64_t to = std::min(columns.size, from + kBand);
        std::memset(line, 0, (to - from) * sizeof(float));
        const int64_t column_end = columns.EndOut(to - 1);
        for (int64_t column = columns.FirstOut(from); column < column_end; ++column) {
          const float term = ScalarOf(dy + row * columns.out_size + column) * inverse(row, column);
          const int64_t last = std::min(to, columns.End(column));
          for (int64_t w = std::max(from, columns.Begin(column)); w < last; ++w) line[w - from] += term;
        }
        for (int64_t h = row_begin; h < row_end; ++h) {
          const int64_t pixel = h * columns.size + from;
          const int64_t last = std::min(end, pixel + to - from);
          for (int64_t at = std::max(begin, pixel); at < last; ++at) sums[at - begin] += line[at - pixel];
        }
      }
    });
  }
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#endif  // ESPALIER_CORE_KERNELS_POOL_TILES_INL_H_

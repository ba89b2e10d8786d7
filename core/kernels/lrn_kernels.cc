#include "core/kernels/lrn_kernels.h"

#include <algorithm>
#include <cstring>

#include "core/kernels/parallel.h"
#include "glog/logging.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/lrn_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "core/kernels/storage-inl.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
// clang-format on

#ifndef ESPALIER_CORE_KERNELS_LRN_CHUNK_
#define ESPALIER_CORE_KERNELS_LRN_CHUNK_
namespace espalier {
namespace {

// Pixels that one thread takes at a time: a multiple of any vector.
constexpr int64_t kChunk = 64;

}  // namespace
}  // namespace espalier
#endif  // ESPALIER_CORE_KERNELS_LRN_CHUNK_

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr int64_t kLanes = hn::MaxLanes(D());

// A panel is what one pass normalises: in plain activations all channels of kChunk neighbouring pixels, in blocked ones
// all channels of one pixel. It is held in f32 so that the next channel is kNeighbour elements further.
template <typename T, int kBlock>
struct Panel {
  static constexpr int64_t kPixels = kBlock == 1 ? kChunk : 1;
  static constexpr int64_t kNeighbour = kPixels;
  // Elements that lie side by side in memory.
  static constexpr int64_t kRun = kBlock == 1 ? kChunk : kBlock;

  explicit Panel(const ChannelGeometry& g, int64_t pixel)
      : geometry(g), first_pixel(pixel), pixels(HWY_MIN(kPixels, g.spatial - pixel)) {}

  int64_t elements() const { return geometry.padded_channels() * kPixels; }

  int64_t Place(int64_t run) const { return (run * geometry.spatial + first_pixel) * kBlock; }

  // memory -> panel; pixels beyond the last one become 0.
  void Load(const T* sample, float* to) const {
    const hn::CappedTag<float, kRun> d;
    const auto load = [&](const T* from, float* run) HWY_ATTR {
      for (size_t lane = 0; lane < kRun; lane += hn::Lanes(d)) hn::StoreU(LoadF32(d, from + lane), d, run + lane);
    };
    for (int64_t run = 0; run * kRun < elements(); ++run) {
      const T* from = sample + Place(run);
      if (pixels == kPixels) {
        load(from, to + run * kRun);
      } else {
        T buffer[kRun] = {};
        std::memcpy(buffer, from, pixels * sizeof(T));
        load(buffer, to + run * kRun);
      }
    }
  }

  void Store(const float* from, T* sample) const {
    const hn::CappedTag<float, kRun> d;
    const auto store = [&](const float* run, T* to) HWY_ATTR {
      for (size_t lane = 0; lane < kRun; lane += hn::Lanes(d)) StoreF32(d, hn::LoadU(d, run + lane), to + lane);
    };
    for (int64_t run = 0; run * kRun < elements(); ++run) {
      T* to = sample + Place(run);
      if (pixels == kPixels) {
        store(from + run * kRun, to);
      } else {
        T buffer[kRun];
        store(from + run * kRun, buffer);
        std::memcpy(to, buffer, pixels * sizeof(T));
      }
    }
  }

  const ChannelGeometry& geometry;
  int64_t first_pixel, pixels;
};

constexpr int64_t kHalfWindow = kMaxLrnSize / 2;
// A whole vector may be read beyond the last element.
constexpr int64_t kPanelFloats = kMaxLrnChannels * kChunk + kLanes;
constexpr int64_t kMarginFloats = kHalfWindow * kChunk;

// Terms of a window sum, with zeros on both sides.
struct Terms {
  float* data() { return floats + kMarginFloats; }
  // Zeroes what windows of `half` can reach outside of `elements`.
  void ZeroMargins(int64_t elements, int64_t margin) {
    std::memset(data() - margin, 0, margin * sizeof(float));
    std::memset(data() + elements, 0, (margin + kLanes) * sizeof(float));
  }
  HWY_INLINE V WindowSum(int64_t at, int64_t half, int64_t neighbour) {
    const D d;
    const float* center = data() + at;
    V sum = hn::LoadU(d, center);
    for (int64_t j = 1; j <= half; ++j) {
      sum = hn::Add(sum, hn::Add(hn::LoadU(d, center - j * neighbour), hn::LoadU(d, center + j * neighbour)));
    }
    return sum;
  }
  HWY_ALIGN float floats[kPanelFloats + 2 * kMarginFloats];
};

// value^-beta for positive values; a NaN stays NaN.
HWY_INLINE V InversePower(V value, float beta) {
  const D d;
  if (beta == 0.75f) {
    const V inverse_root = hn::Div(hn::Set(d, 1), hn::Sqrt(value));
    return hn::Mul(inverse_root, hn::Sqrt(inverse_root));
  }
  const V power = hn::Exp(d, hn::Mul(hn::Set(d, -beta), hn::Log(d, value)));
  return hn::IfThenElse(hn::IsNaN(value), value, power);
}

// The working memory of one thread.
struct Workspace {
  HWY_ALIGN float x[kPanelFloats];
  HWY_ALIGN float dy[kPanelFloats];
  Terms squares, products;
};

template <typename T, int kBlock>
void ForwardPanel(const Panel<T, kBlock>& panel, const LrnWindow& window, const T* x, T* y, Workspace& w) {
  const D d;
  const int64_t elements = panel.elements(), half = window.size / 2, neighbour = panel.kNeighbour;
  panel.Load(x, w.x);
  for (int64_t i = 0; i < elements; i += kLanes) {
    const V value = hn::LoadU(d, w.x + i);
    hn::StoreU(hn::Mul(value, value), d, w.squares.data() + i);
  }
  w.squares.ZeroMargins(elements, half * neighbour);
  const V factor = hn::Set(d, window.alpha / static_cast<float>(window.size)), k = hn::Set(d, window.k);
  for (int64_t i = 0; i < elements; i += kLanes) {
    const V normalizer = hn::MulAdd(factor, w.squares.WindowSum(i, half, neighbour), k);
    hn::StoreU(hn::Mul(hn::LoadU(d, w.x + i), InversePower(normalizer, window.beta)), d, w.x + i);
  }
  panel.Store(w.x, y);
}

template <typename T, int kBlock>
void BackwardPanel(const Panel<T, kBlock>& panel, const LrnWindow& window, const T* x, const T* dy, T* dx,
                   Workspace& w) {
  const D d;
  const int64_t elements = panel.elements(), half = window.size / 2, neighbour = panel.kNeighbour;
  panel.Load(x, w.x);
  panel.Load(dy, w.dy);
  for (int64_t i = 0; i < elements; i += kLanes) {
    const V value = hn::LoadU(d, w.x + i);
    hn::StoreU(hn::Mul(value, value), d, w.squares.data() + i);
  }
  w.squares.ZeroMargins(elements, half * neighbour);
  const V factor = hn::Set(d, window.alpha / static_cast<float>(window.size)), k = hn::Set(d, window.k);
  for (int64_t i = 0; i < elements; i += kLanes) {
    const V normalizer = hn::MulAdd(factor, w.squares.WindowSum(i, half, neighbour), k);
    const V scaled = hn::Mul(hn::LoadU(d, w.dy + i), InversePower(normalizer, window.beta));
    hn::StoreU(scaled, d, w.dy + i);
    hn::StoreU(hn::Div(hn::Mul(scaled, hn::LoadU(d, w.x + i)), normalizer), d, w.products.data() + i);
  }
  w.products.ZeroMargins(elements, half * neighbour);
  const V slope = hn::Set(d, 2 * window.alpha * window.beta / static_cast<float>(window.size));
  for (int64_t i = 0; i < elements; i += kLanes) {
    const V through = hn::Mul(hn::LoadU(d, w.x + i), w.products.WindowSum(i, half, neighbour));
    hn::StoreU(hn::NegMulAdd(slope, through, hn::LoadU(d, w.dy + i)), d, w.dy + i);
  }
  panel.Store(w.dy, dx);
}

// Pixels [first, last) of one sample. dy is null in the forward pass.
template <typename T, int kBlock>
void Pixels(const ChannelGeometry& g, const LrnWindow& window, const T* x, const T* dy, T* out, int64_t first,
            int64_t last) {
  Workspace workspace;
  for (int64_t pixel = first; pixel < last; pixel += Panel<T, kBlock>::kPixels) {
    const Panel<T, kBlock> panel(g, pixel);
    if (dy == nullptr) {
      ForwardPanel(panel, window, x, out, workspace);
    } else {
      BackwardPanel(panel, window, x, dy, out, workspace);
    }
  }
}

template <typename T>
void PixelsOfType(const ChannelGeometry& g, const LrnWindow& window, int64_t sample, const void* x, const void* dy,
                  void* out, int64_t first, int64_t last) {
  const int64_t offset = sample * g.padded_channels() * g.spatial;
  const T* from = static_cast<const T*>(x) + offset;
  const T* gradient = dy == nullptr ? nullptr : static_cast<const T*>(dy) + offset;
  T* to = static_cast<T*>(out) + offset;
  if (g.block == 16) return Pixels<T, 16>(g, window, from, gradient, to, first, last);
  if (g.block == 8) return Pixels<T, 8>(g, window, from, gradient, to, first, last);
  Pixels<T, 1>(g, window, from, gradient, to, first, last);
}

void LrnKernel(DType dtype, const ChannelGeometry& g, const LrnWindow& window, int64_t sample, const void* x,
               const void* dy, void* out, int64_t first, int64_t last) {
  if (dtype == DType::kBF16) return PixelsOfType<BFloat16>(g, window, sample, x, dy, out, first, last);
  if (dtype == DType::kF16) return PixelsOfType<Float16>(g, window, sample, x, dy, out, first, last);
  PixelsOfType<float>(g, window, sample, x, dy, out, first, last);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {
namespace {

HWY_EXPORT(LrnKernel);

void Run(DType dtype, const ChannelGeometry& g, const LrnWindow& window, const void* x, const void* dy, void* out) {
  CHECK(g.channels <= kMaxLrnChannels && window.size <= kMaxLrnSize)
      << g.channels << " channels, window " << window.size;
  CHECK(g.block == 1 || g.block == 8 || g.block == 16) << "channel block " << g.block;
  const int64_t chunks = (g.spatial + kChunk - 1) / kChunk;
  const bool serial = g.batch * g.channels * g.spatial < kSerialElements;
  ParallelRanges(g.batch * chunks, 1, serial ? g.batch * chunks + 1 : 0, [&](int64_t first, int64_t last) {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      const int64_t pixel = chunk % chunks * kChunk;
      HWY_DYNAMIC_DISPATCH(LrnKernel)
      (dtype, g, window, chunk / chunks, x, dy, out, pixel, std::min(g.spatial, pixel + kChunk));
    }
  });
}

}  // namespace

void Lrn(DType dtype, const ChannelGeometry& geometry, const LrnWindow& window, const void* x, void* y) {
  Run(dtype, geometry, window, x, nullptr, y);
}

void LrnBackward(DType dtype, const ChannelGeometry& geometry, const LrnWindow& window, const void* x, const void* dy,
                 void* dx) {
  Run(dtype, geometry, window, x, dy, dx);
}

}  // namespace espalier
#endif  // HWY_ONCE

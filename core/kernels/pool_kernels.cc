#include "core/kernels/pool_kernels.h"

#include "core/kernels/parallel.h"
#include "glog/logging.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/pool_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "core/kernels/pool_tiles-inl.h"
#include "hwy/highway.h"
// clang-format on

#ifndef ESPALIER_CORE_KERNELS_POOL_FUNCTION_
#define ESPALIER_CORE_KERNELS_POOL_FUNCTION_
namespace espalier {
namespace {

enum class PoolFunction { kMax, kAverage, kMaxBackward, kAverageBackward };

}  // namespace
}  // namespace espalier
#endif  // ESPALIER_CORE_KERNELS_POOL_FUNCTION_

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

template <typename T, int kBlock>
void PoolTile(PoolFunction function, const PoolGeometry& g, int64_t tile, const T* from, int32_t* argmax, T* to) {
  const int64_t in = tile * g.pixels() * kBlock, out = tile * g.out_pixels() * kBlock;
  const int64_t channels = g.channels - tile % g.blocks() * kBlock;
  switch (function) {
    case PoolFunction::kMax:
      if (argmax == nullptr) {
        return ForwardTile<kBlock>::Run(g, MaxOfWindow<T, kBlock, false>{g, from + in, to + out, nullptr, channels});
      }
      return ForwardTile<kBlock>::Run(g, MaxOfWindow<T, kBlock, true>{g, from + in, to + out, argmax + out, channels});
    case PoolFunction::kAverage:
      return ForwardTile<kBlock>::Run(g, AverageOfWindow<T, kBlock>{g, from + in, to + out});
    case PoolFunction::kMaxBackward:
      return BackwardTile<T, kBlock>::Max(g, from + out, argmax + out, to + in);
    case PoolFunction::kAverageBackward:
      return BackwardTile<T, kBlock>::Average(g, from + out, to + in);
  }
}

template <typename T>
void PoolTileOfType(PoolFunction function, const PoolGeometry& g, int64_t tile, const void* from, int32_t* argmax,
                    void* to) {
  const T* source = static_cast<const T*>(from);
  T* target = static_cast<T*>(to);
  if (g.block == 16) return PoolTile<T, 16>(function, g, tile, source, argmax, target);
  if (g.block == 8) return PoolTile<T, 8>(function, g, tile, source, argmax, target);
  PoolTile<T, 1>(function, g, tile, source, argmax, target);
}

void PoolKernel(DType dtype, PoolFunction function, const PoolGeometry& g, int64_t tile, const void* from,
                int32_t* argmax, void* to) {
  if (dtype == DType::kBF16) return PoolTileOfType<BFloat16>(function, g, tile, from, argmax, to);
  if (dtype == DType::kF16) return PoolTileOfType<Float16>(function, g, tile, from, argmax, to);
  PoolTileOfType<float>(function, g, tile, from, argmax, to);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {
namespace {

HWY_EXPORT(PoolKernel);

void Run(DType dtype, PoolFunction function, const PoolGeometry& g, const void* from, int32_t* argmax, void* to) {
  CHECK(g.block == 1 || g.block == 8 || g.block == 16) << "channel block " << g.block;
  const bool serial = g.tiles() * g.block * std::max(g.pixels(), g.out_pixels()) < kSerialElements;
  const auto kernel = HWY_DYNAMIC_DISPATCH(PoolKernel);
  ParallelRanges(g.tiles(), 1, serial ? g.tiles() + 1 : 0, [&](int64_t first, int64_t last) {
    for (int64_t tile = first; tile < last; ++tile) kernel(dtype, function, g, tile, from, argmax, to);
  });
}

}  // namespace

void MaxPool(DType dtype, const PoolGeometry& geometry, const void* x, void* y, int32_t* argmax) {
  Run(dtype, PoolFunction::kMax, geometry, x, argmax, y);
}

void AveragePool(DType dtype, const PoolGeometry& geometry, const void* x, void* y) {
  Run(dtype, PoolFunction::kAverage, geometry, x, nullptr, y);
}

void MaxPoolBackward(DType dtype, const PoolGeometry& geometry, const void* dy, const int32_t* argmax, void* dx) {
  Run(dtype, PoolFunction::kMaxBackward, geometry, dy, const_cast<int32_t*>(argmax), dx);
}

void AveragePoolBackward(DType dtype, const PoolGeometry& geometry, const void* dy, void* dx) {
  Run(dtype, PoolFunction::kAverageBackward, geometry, dy, nullptr, dx);
}

}  // namespace espalier
#endif  // HWY_ONCE

// Vectorised local response normalisation across channels, on plain and channel-blocked activations, whose padding must
// hold zeros.
#ifndef ESPALIER_CORE_KERNELS_LRN_KERNELS_H_
#define ESPALIER_CORE_KERNELS_LRN_KERNELS_H_

#include <cstdint>

#include "core/dtype.h"
#include "core/kernels/channel_geometry.h"

namespace espalier {

struct LrnWindow {
  int64_t size;  // in channels, odd
  float alpha, beta, k;
};

// What the kernels' working memory on the stack holds.
inline constexpr int64_t kMaxLrnChannels = 512, kMaxLrnSize = 15;

// x -> y = x d^-beta with d = k + alpha / size * sum of x^2 over the window. May run in place.
void Lrn(DType dtype, const ChannelGeometry& geometry, const LrnWindow& window, const void* x, void* y);
// (x, dy) -> dx = dy d^-beta - 2 alpha beta / size x sum of dy x d^(-beta - 1) over the window.
void LrnBackward(DType dtype, const ChannelGeometry& geometry, const LrnWindow& window, const void* x, const void* dy,
                 void* dx);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_LRN_KERNELS_H_

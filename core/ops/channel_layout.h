// Where the elements of a channel lie in a row-major tensor [N, C, ...].
#ifndef ESPALIER_CORE_OPS_CHANNEL_LAYOUT_H_
#define ESPALIER_CORE_OPS_CHANNEL_LAYOUT_H_

#include "core/shape.h"

namespace espalier {

struct ChannelLayout {
  explicit ChannelLayout(const Shape& shape)
      : samples(shape[0]), channels(shape[1]), pixels(shape.Product(2, shape.rank())) {}

  int64_t per_channel() const { return samples * pixels; }

  // Calls fn(flat position) for each element of channel `c`.
  template <typename Function>
  void ForEach(int64_t c, Function fn) const {
    for (int64_t n = 0; n < samples; ++n) {
      for (int64_t pixel = 0; pixel < pixels; ++pixel) fn((n * channels + c) * pixels + pixel);
    }
  }

  int64_t samples, channels, pixels;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_CHANNEL_LAYOUT_H_

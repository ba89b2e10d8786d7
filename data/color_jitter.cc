#include "data/color_jitter.h"

#include <algorithm>

namespace espalier {

void ApplyJitter(const JitterFactors& factors, int channels, int64_t plane, float* pixels) {
  const auto blend = [](float value, float towards, float factor) {
    return std::clamp(towards + (value - towards) * factor, 0.0f, 1.0f);
  };
  // Luma of Rec. 601.
  const auto grey = [&](int64_t i) {
    return channels == 3 ? 0.299f * pixels[i] + 0.587f * pixels[plane + i] + 0.114f * pixels[2 * plane + i] : pixels[i];
  };
  double sum = 0;
  for (int64_t i = 0; i < channels * plane; ++i) pixels[i] = blend(pixels[i], 0, factors.brightness);
  for (int64_t i = 0; i < plane; ++i) sum += grey(i);
  const auto mean = static_cast<float>(sum / static_cast<double>(plane));
  for (int64_t i = 0; i < channels * plane; ++i) pixels[i] = blend(pixels[i], mean, factors.contrast);
  if (channels != 3) return;
  for (int64_t i = 0; i < plane; ++i) {
    const float towards = grey(i);
    for (int c = 0; c < 3; ++c) pixels[c * plane + i] = blend(pixels[c * plane + i], towards, factors.saturation);
  }
}

}  // namespace espalier

// Random changes of a picture's colours, after the definitions of torchvision's ColorJitter in a fixed order.
#ifndef ESPALIER_DATA_COLOR_JITTER_H_
#define ESPALIER_DATA_COLOR_JITTER_H_

#include <cstdint>

namespace espalier {

// Factors of the colour jitter; 1 changes nothing.
struct JitterFactors {
  float brightness = 1;
  float contrast = 1;
  float saturation = 1;
};

// Blends [C, H, W] planes in [0, 1], in this order: brightness towards black, contrast towards the picture's mean grey,
// saturation towards each pixel's grey (three channels only); each step clamps to [0, 1].
void ApplyJitter(const JitterFactors& factors, int channels, int64_t plane, float* pixels);

}  // namespace espalier

#endif  // ESPALIER_DATA_COLOR_JITTER_H_

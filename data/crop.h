// The last pass over a picture's pixels: crop, mirror, scale and shift at once.
#ifndef ESPALIER_DATA_CROP_H_
#define ESPALIER_DATA_CROP_H_

#include "data/source.h"

namespace espalier {

// The window of a picture that becomes the input. It may reach outside, where pixels are black.
struct Window {
  int x = 0;
  int y = 0;
  int height = 0;
  int width = 0;
  bool flip = false;
};

// result = pixel * scale[c] + shift[c], [C, window.height, window.width] f32. The hot loop of the pipeline.
void CropAndNormalize(const ImageView& image, const Window& window, const float* scale, const float* shift,
                      float* result);
// The plain twin.
void ReferenceCropAndNormalize(const ImageView& image, const Window& window, const float* scale, const float* shift,
                               float* result);

}  // namespace espalier

#endif  // ESPALIER_DATA_CROP_H_

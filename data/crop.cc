#include "data/crop.h"

#include <algorithm>

namespace espalier {

void CropAndNormalize(const ImageView& image, const Window& window, const float* scale, const float* shift,
                      float* result) {
  // Columns of the output (before the flip) that lie inside the picture.
  const int begin = std::clamp(-window.x, 0, window.width),
            end = std::clamp(image.width - window.x, begin, window.width);
  for (int c = 0; c < image.channels; ++c) {
    const float channel_scale = scale[c], channel_shift = shift[c];
    const uint8_t* plane = image.pixels + static_cast<size_t>(c) * image.height * image.width;
    for (int y = 0; y < window.height; ++y, result += window.width) {
      const int source_y = window.y + y;
      if (source_y < 0 || source_y >= image.height) {
        std::fill_n(result, window.width, channel_shift);
        continue;
      }
      const uint8_t* source = plane + static_cast<size_t>(source_y) * image.width + window.x;
      if (window.flip) {
        const int last = window.width - 1;
        std::fill(result, result + last + 1 - end, channel_shift);
        for (int x = last + 1 - end; x <= last - begin; ++x) {
          result[x] = static_cast<float>(source[last - x]) * channel_scale + channel_shift;
        }
        std::fill(result + last + 1 - begin, result + window.width, channel_shift);
      } else {
        std::fill(result, result + begin, channel_shift);
        for (int x = begin; x < end; ++x) result[x] = static_cast<float>(source[x]) * channel_scale + channel_shift;
        std::fill(result + end, result + window.width, channel_shift);
      }
    }
  }
}

void ReferenceCropAndNormalize(const ImageView& image, const Window& window, const float* scale, const float* shift,
                               float* result) {
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < window.height; ++y) {
      for (int x = 0; x < window.width; ++x) {
        const int source_x = window.x + (window.flip ? window.width - 1 - x : x), source_y = window.y + y;
        const bool inside = source_x >= 0 && source_x < image.width && source_y >= 0 && source_y < image.height;
        const int pixel = inside ? image.pixels[(c * image.height + source_y) * image.width + source_x] : 0;
        *result++ = static_cast<float>(pixel) * scale[c] + shift[c];
      }
    }
  }
}

}  // namespace espalier

#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace espalier {
namespace {

// The filter of one destination pixel: `count` source pixels from `first` on.
struct Taps {
  int first;
  int count;
};

// Destination pixel i covers source [begin + i * scale, begin + (i + 1) * scale), limited to [0, size).
Taps TapsOf(int i, float begin, float scale, int size) {
  const float support = std::max(scale, 1.0f), centre = begin + (static_cast<float>(i) + 0.5f) * scale;
  const int first = std::clamp(static_cast<int>(std::floor(centre - support + 0.5f)), 0, size - 1);
  const int last = std::clamp(static_cast<int>(std::floor(centre + support + 0.5f)), first + 1, size);
  return {first, last - first};
}

// Writes taps.count weights that sum to 1.
void WeightsOf(int i, float begin, float scale, Taps taps, float* weights) {
  const float support = std::max(scale, 1.0f), centre = begin + (static_cast<float>(i) + 0.5f) * scale;
  float sum = 0;
  for (int k = 0; k < taps.count; ++k) {
    const float distance = (static_cast<float>(taps.first + k) + 0.5f - centre) / support;
    weights[k] = std::max(0.0f, 1 - std::fabs(distance));
    sum += weights[k];
  }
  if (sum <= 0) {  // a box outside the picture: its nearest pixel
    std::fill_n(weights, taps.count, 0.0f);
    weights[0] = sum = 1;
  }
  for (int k = 0; k < taps.count; ++k) weights[k] /= sum;
}

uint8_t ToByte(float value) { return static_cast<uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f)); }

int MostTaps(float scale) { return 2 * static_cast<int>(std::ceil(std::max(scale, 1.0f))) + 2; }

}  // namespace

void Resize(const ImageView& image, const Box& box, int height, int width, ReadScratch* scratch, uint8_t* result) {
  const float x_scale = box.width / static_cast<float>(width), y_scale = box.height / static_cast<float>(height);
  const int x_stride = MostTaps(x_scale);
  scratch->taps.resize(2 * width);
  scratch->weights.resize(static_cast<size_t>(width) * x_stride + MostTaps(y_scale));
  scratch->row.resize(image.width);
  float* x_weights = scratch->weights.data();
  float* y_weights = x_weights + static_cast<size_t>(width) * x_stride;
  for (int x = 0; x < width; ++x) {
    const Taps taps = TapsOf(x, box.x, x_scale, image.width);
    scratch->taps[2 * x] = taps.first;
    scratch->taps[2 * x + 1] = taps.count;
    WeightsOf(x, box.x, x_scale, taps, x_weights + static_cast<size_t>(x) * x_stride);
  }
  // Columns that any filter of the row reads.
  const int begin = scratch->taps[0], end = scratch->taps[2 * width - 2] + scratch->taps[2 * width - 1];
  float* row = scratch->row.data();
  for (int c = 0; c < image.channels; ++c) {
    const uint8_t* plane = image.pixels + static_cast<size_t>(c) * image.height * image.width;
    for (int y = 0; y < height; ++y) {
      const Taps taps = TapsOf(y, box.y, y_scale, image.height);
      WeightsOf(y, box.y, y_scale, taps, y_weights);
      std::fill(row + begin, row + end, 0.0f);
      for (int k = 0; k < taps.count; ++k) {
        const uint8_t* source = plane + static_cast<size_t>(taps.first + k) * image.width;
        const float weight = y_weights[k];
        for (int x = begin; x < end; ++x) row[x] += weight * static_cast<float>(source[x]);
      }
      for (int x = 0; x < width; ++x) {
        const float* weights = x_weights + static_cast<size_t>(x) * x_stride;
        const float* values = row + scratch->taps[2 * x];
        float sum = 0;
        for (int k = 0; k < scratch->taps[2 * x + 1]; ++k) sum += weights[k] * values[k];
        *result++ = ToByte(sum);
      }
    }
  }
}

void ReferenceResize(const ImageView& image, const Box& box, int height, int width, uint8_t* result) {
  const float x_scale = box.width / static_cast<float>(width), y_scale = box.height / static_cast<float>(height);
  std::vector<float> x_weights(MostTaps(x_scale)), y_weights(MostTaps(y_scale));
  for (int c = 0; c < image.channels; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const Taps columns = TapsOf(x, box.x, x_scale, image.width), rows = TapsOf(y, box.y, y_scale, image.height);
        WeightsOf(x, box.x, x_scale, columns, x_weights.data());
        WeightsOf(y, box.y, y_scale, rows, y_weights.data());
        double sum = 0;
        for (int i = 0; i < rows.count; ++i) {
          for (int j = 0; j < columns.count; ++j) {
            const int at = (c * image.height + rows.first + i) * image.width + columns.first + j;
            sum += double{y_weights[i]} * x_weights[j] * image.pixels[at];
          }
        }
        *result++ = ToByte(static_cast<float>(sum));
      }
    }
  }
}

}  // namespace espalier

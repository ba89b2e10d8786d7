// Bilinear resampling with antialiasing: a triangle filter as wide as the scale when shrinking (Pillow's BILINEAR).
#ifndef ESPALIER_DATA_RESIZE_H_
#define ESPALIER_DATA_RESIZE_H_

#include <cstdint>

#include "data/source.h"

namespace espalier {

// A part of a picture, in pixels.
struct Box {
  float x = 0;
  float y = 0;
  float width = 0;
  float height = 0;
};

// Resamples `box` of `image` to height x width planes at `result`, rounding to nearest. Filters reach beyond the box,
// not beyond the picture. Uses scratch->row, weights and taps.
void Resize(const ImageView& image, const Box& box, int height, int width, ReadScratch* scratch, uint8_t* result);

// The plain twin: one double sum over both axes per pixel.
void ReferenceResize(const ImageView& image, const Box& box, int height, int width, uint8_t* result);

}  // namespace espalier

#endif  // ESPALIER_DATA_RESIZE_H_

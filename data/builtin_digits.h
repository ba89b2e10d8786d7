// Handwritten-like digits, made on the fly: each digit is a few pen strokes (curves through control points) whose
// points, slant, size, place, width and pressure vary, bent by a smooth random field (elastic distortion, after Simard,
// Steinkraus, Platt 2003) and drawn with an antialiased pen.
#ifndef ESPALIER_DATA_BUILTIN_DIGITS_H_
#define ESPALIER_DATA_BUILTIN_DIGITS_H_

#include <cstdint>
#include <memory>

#include "data/source.h"

namespace espalier {

// Draws sample `index` of `seed` as 28 x 28 bytes, ink bright on black, and returns its digit: index % 10.
int32_t DrawDigit(uint64_t seed, int64_t index, uint8_t* pixels);

// [1, 28, 28], ten classes.
std::unique_ptr<ImageSource> MakeBuiltinDigits(int64_t samples, uint64_t seed);

}  // namespace espalier

#endif  // ESPALIER_DATA_BUILTIN_DIGITS_H_

// Coloured, textured shapes, made on the fly. Class = 2 * shape + texture: disc, ring, square, triangle, cross; plain
// or striped. Colours, place, size, turn, stripes, background and noise are random.
#ifndef ESPALIER_DATA_BUILTIN_SHAPES_H_
#define ESPALIER_DATA_BUILTIN_SHAPES_H_

#include <cstdint>
#include <memory>

#include "data/source.h"

namespace espalier {

// Draws sample `index` of `seed` as 3 x 32 x 32 bytes and returns its class: index % 10.
int32_t DrawShape(uint64_t seed, int64_t index, uint8_t* planes);

// [3, 32, 32], ten classes.
std::unique_ptr<ImageSource> MakeBuiltinShapes(int64_t samples, uint64_t seed);

}  // namespace espalier

#endif  // ESPALIER_DATA_BUILTIN_SHAPES_H_

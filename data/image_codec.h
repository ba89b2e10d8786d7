// Decoding of JPEG and PNG from memory to planar RGB. Sizes are checked before anything is allocated; broken data gives
// an error, never a crash or a half grey picture.
#ifndef ESPALIER_DATA_IMAGE_CODEC_H_
#define ESPALIER_DATA_IMAGE_CODEC_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "data/source.h"

namespace espalier {

// The largest picture taken, in pixels.
inline constexpr int64_t kMostImagePixels = int64_t{1} << 26;

// Decodes by the data's own signature, whatever the file is called. Grey becomes equal channels, palettes are looked
// up, CMYK becomes RGB without a profile, alpha is dropped, 16 bits are rounded to 8; orientation tags are ignored.
// JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, as long as its shorter side stays at least `min_side`
// (0: full size). `planes` owns the pixels of `image`, and may be longer than they are.
absl::Status DecodeImage(absl::Span<const uint8_t> bytes, int min_side, std::vector<uint8_t>* planes, ImageView* image);

absl::Status DecodeJpeg(absl::Span<const uint8_t> bytes, int min_side, std::vector<uint8_t>* planes, ImageView* image);
absl::Status DecodePng(absl::Span<const uint8_t> bytes, std::vector<uint8_t>* planes, ImageView* image);

// The error of a picture whose header announces what no decoder should try: an empty or huge one, or more pixels than
// `bytes` bytes can hold at `most_per_byte` pixels each.
absl::Status CheckImageSize(int64_t height, int64_t width, int64_t bytes, int64_t most_per_byte);

// Splits a row of interleaved RGB into row `y` of planes.
void SplitRow(const uint8_t* interleaved, int height, int width, int y, uint8_t* planes);

}  // namespace espalier

#endif  // ESPALIER_DATA_IMAGE_CODEC_H_

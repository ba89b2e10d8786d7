#include "data/image_codec.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

constexpr uint8_t kJpegSignature[] = {0xFF, 0xD8, 0xFF};
constexpr uint8_t kPngSignature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

template <size_t N>
bool StartsWith(absl::Span<const uint8_t> bytes, const uint8_t (&signature)[N]) {
  return bytes.size() >= N && std::equal(signature, signature + N, bytes.begin());
}

}  // namespace

absl::Status DecodeImage(absl::Span<const uint8_t> bytes, int min_side, std::vector<uint8_t>* planes,
                         ImageView* image) {
  if (StartsWith(bytes, kJpegSignature)) return DecodeJpeg(bytes, min_side, planes, image);
  if (StartsWith(bytes, kPngSignature)) return DecodePng(bytes, planes, image);
  const absl::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 8));
  return absl::DataLossError(absl::StrCat("offset 0: expected the signature of a JPEG (ff d8 ff) or PNG file, found ",
                                          start.empty() ? "nothing" : absl::BytesToHexString(start)));
}

absl::Status CheckImageSize(int64_t height, int64_t width, int64_t bytes, int64_t most_per_byte) {
  if (height >= 1 && width >= 1 && height <= kMostImagePixels / width && height * width / most_per_byte <= bytes) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("header: expected between 1 and ", kMostImagePixels,
                                          " pixels, and no more than ", bytes, " bytes can hold, found ", width, " x ",
                                          height));
}

void SplitRow(const uint8_t* interleaved, int height, int width, int y, uint8_t* planes) {
  const size_t plane = static_cast<size_t>(height) * width;
  uint8_t* red = planes + static_cast<size_t>(y) * width;
  uint8_t* green = red + plane;
  uint8_t* blue = green + plane;
  for (int x = 0; x < width; ++x) {
    red[x] = interleaved[3 * x];
    green[x] = interleaved[3 * x + 1];
    blue[x] = interleaved[3 * x + 2];
  }
}

}  // namespace espalier

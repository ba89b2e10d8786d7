#include "data/fingerprint.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files/crc32c.h"

namespace espalier {

std::string FingerprintOf(const SampleSet& samples) {
  constexpr int64_t kMost = 16;
  const SampleType type = samples.type();
  const int64_t size = samples.size(), read = std::min(size, kMost);
  const Shape& shape = type.image_shape;
  std::string text =
      absl::StrCat(size, " samples of ", shape[0], "x", shape[1], "x", shape[2], ", ", type.classes, " classes; ");
  std::vector<float> image(shape.elements());
  ReadScratch scratch;
  uint32_t crc = 0;
  for (int64_t i = 0; i < read; ++i) {
    const int64_t index = read == 1 ? 0 : i * (size - 1) / (read - 1);
    int32_t label = 0;
    const absl::Status status = samples.Read(index, 0, &scratch, image.data(), &label);
    if (!status.ok()) return absl::StrCat(text, "sample ", index, ": ", status.message());
    crc = Crc32c({reinterpret_cast<const char*>(image.data()), image.size() * sizeof(float)}, crc);
    crc = Crc32c({reinterpret_cast<const char*>(&label), sizeof label}, crc);
  }
  return absl::StrFormat("%scrc32c %08x of %d", text, crc, read);
}

}  // namespace espalier

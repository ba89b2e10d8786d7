#include "data/source.h"

#include <utility>

#include "glog/logging.h"

namespace espalier {

MemorySource::MemorySource(int channels, int height, int width, int classes, std::vector<uint8_t> pixels,
                           std::vector<uint8_t> labels)
    : channels_(channels),
      height_(height),
      width_(width),
      classes_(classes),
      pixels_(std::move(pixels)),
      labels_(std::move(labels)) {
  CHECK_EQ(pixels_.size(), labels_.size() * static_cast<size_t>(channels) * height * width);
}

absl::Status MemorySource::Read(int64_t index, ReadScratch*, ImageView* image, int32_t* label) const {
  const int64_t picture = int64_t{channels_} * height_ * width_;
  *image = {pixels_.data() + index * picture, channels_, height_, width_};
  *label = labels_[index];
  return absl::OkStatus();
}

}  // namespace espalier

#include "data/generated_source.h"

#include <algorithm>
#include <utility>

namespace espalier {

GeneratedSource::GeneratedSource(const GeneratedType& type, int64_t size, Draw draw, int64_t most_cached_bytes)
    : type_(type),
      size_(size),
      picture_bytes_(int64_t{type.channels} * type.height * type.width),
      cached_(std::min(size, most_cached_bytes / picture_bytes_)),
      draw_(std::move(draw)),
      entries_(new Entry[cached_]),
      pixels_(new uint8_t[cached_ * picture_bytes_]) {}

absl::Status GeneratedSource::Read(int64_t index, ReadScratch* scratch, ImageView* image, int32_t* label) const {
  const auto view = [&](const uint8_t* pixels) { return ImageView{pixels, type_.channels, type_.height, type_.width}; };
  if (index < cached_) {
    Entry& entry = entries_[index];
    uint8_t* pixels = pixels_.get() + index * picture_bytes_;
    uint8_t state = entry.state.load(std::memory_order_acquire);
    if (state == kMissing && entry.state.compare_exchange_strong(state, kDrawing, std::memory_order_acquire)) {
      entry.label = static_cast<uint8_t>(draw_(index, pixels));
      entry.state.store(state = kReady, std::memory_order_release);
    }
    if (state == kReady) {
      *image = view(pixels);
      *label = entry.label;
      return absl::OkStatus();
    }
  }
  scratch->picture.resize(picture_bytes_);
  *label = draw_(index, scratch->picture.data());
  *image = view(scratch->picture.data());
  return absl::OkStatus();
}

}  // namespace espalier

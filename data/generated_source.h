// Pictures drawn by a function of their index, kept in memory once drawn.
#ifndef ESPALIER_DATA_GENERATED_SOURCE_H_
#define ESPALIER_DATA_GENERATED_SOURCE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "data/source.h"

namespace espalier {

// What a generator makes.
struct GeneratedType {
  int channels;
  int height;
  int width;
  int classes;
};

class GeneratedSource : public ImageSource {
 public:
  // Draws picture `index` into its planes and returns its class. A pure function, called from many threads.
  using Draw = std::function<int32_t(int64_t index, uint8_t* planes)>;

  // The first `most_cached_bytes` of pictures stay in memory.
  GeneratedSource(const GeneratedType& type, int64_t size, Draw draw, int64_t most_cached_bytes = int64_t{1} << 30);

  int64_t size() const override { return size_; }
  int classes() const override { return type_.classes; }
  int channels() const override { return type_.channels; }
  int height() const override { return type_.height; }
  int width() const override { return type_.width; }
  absl::Status Read(int64_t index, ReadScratch* scratch, ImageView* image, int32_t* label) const override;

 private:
  // A picture goes from kMissing to kDrawing to kReady once; whoever finds it in drawing draws a copy of its own rather
  // than wait.
  enum State : uint8_t { kMissing, kDrawing, kReady };
  struct Entry {
    std::atomic<uint8_t> state{kMissing};
    uint8_t label = 0;
  };

  const GeneratedType type_;
  const int64_t size_;
  const int64_t picture_bytes_;
  const int64_t cached_;  // pictures
  const Draw draw_;
  const std::unique_ptr<Entry[]> entries_;
  const std::unique_ptr<uint8_t[]> pixels_;  // not touched before they are drawn
};

}  // namespace espalier

#endif  // ESPALIER_DATA_GENERATED_SOURCE_H_

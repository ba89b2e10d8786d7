// Raw pictures by index: the lowest stage of the data pipeline. Pictures are 8-bit and planar (CHW), so that storage is
// small and every later stage reads contiguous rows.
#ifndef ESPALIER_DATA_SOURCE_H_
#define ESPALIER_DATA_SOURCE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"

namespace espalier {

// A borrowed planar picture: channel c, row y, column x at pixels[(c * height + y) * width + x].
struct ImageView {
  const uint8_t* pixels = nullptr;
  int channels = 0;
  int height = 0;
  int width = 0;
};

// Buffers that one reading thread reuses from sample to sample, so that the steady state allocates nothing.
struct ReadScratch {
  std::vector<uint8_t> file;     // encoded bytes
  std::vector<uint8_t> picture;  // decoded or generated planes
  std::vector<uint8_t> resized;  // planes after resampling
  std::vector<float> row;        // one row between the two passes of resampling
  std::vector<float> weights;    // resampling filter
  std::vector<int> taps;         // first source position and count of each filter
  std::vector<float> planes;     // planes in [0, 1] under colour jitter
};

// Thread-safe: Read may be called from many threads, each with its own scratch.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual int64_t size() const = 0;
  virtual int classes() const = 0;
  virtual int channels() const = 0;
  // Height and width of every picture, or 0 where pictures differ in size.
  virtual int height() const = 0;
  virtual int width() const = 0;
  // `image` points into the source or into `scratch->picture`, and lives as long as neither changes.
  virtual absl::Status Read(int64_t index, ReadScratch* scratch, ImageView* image, int32_t* label) const = 0;
};

// Pictures of one size held in memory.
class MemorySource : public ImageSource {
 public:
  // `pixels` holds labels.size() planar pictures.
  MemorySource(int channels, int height, int width, int classes, std::vector<uint8_t> pixels,
               std::vector<uint8_t> labels);

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  int classes() const override { return classes_; }
  int channels() const override { return channels_; }
  int height() const override { return height_; }
  int width() const override { return width_; }
  absl::Status Read(int64_t index, ReadScratch* scratch, ImageView* image, int32_t* label) const override;

 private:
  int channels_, height_, width_, classes_;
  std::vector<uint8_t> pixels_;
  std::vector<uint8_t> labels_;
};

}  // namespace espalier

#endif  // ESPALIER_DATA_SOURCE_H_

// From a decoded picture to the network's input: random geometry, colour jitter and normalisation, fused into one pass
// over the pixels. Chance comes from (seed, epoch, sample) alone.
#ifndef ESPALIER_DATA_AUGMENT_H_
#define ESPALIER_DATA_AUGMENT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/random.h"
#include "core/shape.h"
#include "data/crop.h"
#include "data/resize.h"
#include "data/source.h"
#include "proto/data.pb.h"

namespace espalier {

// How pixels become numbers: (pixel / 255 * pixel_max - mean) / stddev. One entry per channel, in the network's order.
struct ChannelStatistics {
  std::vector<float> mean;
  std::vector<float> stddev;
  float pixel_max = 1;
  bool reversed = false;  // the network takes the channels last to first: BGR
};

// Sizes that pictures of a folder are brought to before anything else.
struct FolderSize {
  int resize = 0;  // shorter side; 0: pictures are used as they are
  int crop = 0;    // side of the centre crop where no random crop says otherwise; 0: none
};

class Augmentation {
 public:
  // Checks the messages against the source's pictures. Errors name the fields.
  static absl::StatusOr<Augmentation> Create(const Augment& augment, const ChannelStatistics& statistics,
                                             const FolderSize& folder, const ImageSource& source, bool training);

  Shape output_shape() const { return {channels_, height_, width_}; }
  // Writes output_shape().elements() floats.
  void Apply(const ImageView& image, Random random, ReadScratch* scratch, float* result) const;

 private:
  Augmentation() = default;

  // A box of the picture is resampled to the output's size; without training, the largest centred square.
  bool resizes_box() const { return augment_.has_random_resized_crop() && (training_ || folder_.resize == 0); }
  // A box of the picture, thought of as resized to height x width; only what the window shows is ever computed.
  struct Frame {
    Box box;
    int height;
    int width;
  };
  Frame DrawFrame(const ImageView& image, Random* random) const;
  // In the frame's coordinates.
  Window DrawWindow(const Frame& frame, Random* random) const;
  // The part of the frame that the window shows, and the window moved to that part's coordinates.
  ImageView Resample(const ImageView& image, const Frame& frame, Window* window, ReadScratch* scratch) const;
  // The window under colour jitter, normalised; channels in the source's order.
  void CropAndJitter(const ImageView& image, const Window& window, Random* random, ReadScratch* scratch,
                     float* result) const;

  int channels_ = 0;
  int height_ = 0;  // of the output
  int width_ = 0;
  bool training_ = false;
  FolderSize folder_;
  Augment augment_;
  // (pixel / 255 * pixel_max - mean) / stddev = pixel * scale + shift, for the source's channels in their own order.
  std::vector<float> scale_, shift_;
  bool reversed_ = false;                       // the result's channels are the source's, last to first
  std::vector<float> unit_scale_, unit_shift_;  // pixel / 255
};

// The part of a picture for RandomResizedCrop (Szegedy et al. 2015): area uniform in [min_area, max_area] of the
// picture's, aspect ratio log-uniform in [3/4, 4/3]; after ten misfits, the largest centred square.
Box DrawResizedCrop(const RandomResizedCrop& crop, int height, int width, Random* random);

}  // namespace espalier

#endif  // ESPALIER_DATA_AUGMENT_H_

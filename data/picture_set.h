// Pictures of the user's, in files of their own, prepared as a network was trained to see them.
#ifndef ESPALIER_DATA_PICTURE_SET_H_
#define ESPALIER_DATA_PICTURE_SET_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/shape.h"
#include "data/augment.h"
#include "data/source.h"
#include "proto/data.pb.h"

namespace espalier {

class PictureSet {
 public:
  // JPEG or PNG files, brought to `input` ([C, H, W]: one channel or three): resized, cropped at the centre and
  // normalised as `dataset` says for evaluation, whatever its source is. The sizes are those of an image_folder; of
  // other sources, whose pictures come in the network's size, the shorter side becomes the input's. A network of one
  // channel sees luma (ITU-R BT.601). InvalidArgument if the data set's pictures are not of the input's shape.
  static absl::StatusOr<PictureSet> Create(const Dataset& dataset, const Shape& input, std::vector<std::string> paths);

  int64_t size() const { return static_cast<int64_t>(paths_.size()); }
  const std::string& path(int64_t index) const { return paths_[index]; }
  // Writes the input's elements. Errors name the file.
  absl::Status Read(int64_t index, ReadScratch* scratch, float* result) const;

 private:
  PictureSet(std::vector<std::string> paths, int min_side, Augmentation augmentation)
      : paths_(std::move(paths)), min_side_(min_side), augmentation_(std::move(augmentation)) {}

  std::vector<std::string> paths_;
  int min_side_;
  Augmentation augmentation_;
};

// The pictures in a folder (not below it), in the order of their names; NotFound if there are none.
absl::StatusOr<std::vector<std::string>> ListPictures(const std::string& folder);

}  // namespace espalier

#endif  // ESPALIER_DATA_PICTURE_SET_H_

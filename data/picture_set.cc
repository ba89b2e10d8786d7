#include "data/picture_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "data/open_source.h"
#include "data/picture_file.h"

namespace espalier {
namespace {

// Pictures of any size and a number of channels.
class AnyPictures : public ImageSource {
 public:
  explicit AnyPictures(int channels) : channels_(channels) {}
  int64_t size() const override { return 0; }
  int classes() const override { return 0; }
  int channels() const override { return channels_; }
  int height() const override { return 0; }
  int width() const override { return 0; }
  absl::Status Read(int64_t, ReadScratch*, ImageView*, int32_t*) const override {
    return absl::UnimplementedError("expected a file's path");
  }

 private:
  int channels_;
};

// Luma in place of RGB, in the first plane.
void MakeGrey(std::vector<uint8_t>* planes, ImageView* image) {
  const size_t plane = static_cast<size_t>(image->height) * image->width;
  uint8_t* red = planes->data();
  const uint8_t *green = red + plane, *blue = green + plane;
  for (size_t i = 0; i < plane; ++i) {
    red[i] = static_cast<uint8_t>((299 * red[i] + 587 * green[i] + 114 * blue[i] + 500) / 1000);
  }
  image->channels = 1;
}

}  // namespace

absl::StatusOr<PictureSet> PictureSet::Create(const Dataset& dataset, const Shape& input,
                                              std::vector<std::string> paths) {
  if (input.rank() != 3 || (input[0] != 1 && input[0] != 3)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a network that takes pictures [1 or 3, height, width], found one that takes ", input.ToString()));
  }
  const int channels = static_cast<int>(input[0]), height = static_cast<int>(input[1]),
            width = static_cast<int>(input[2]);
  FolderSize size = {std::max(height, width), height};
  if (dataset.has_image_folder()) size = FolderSizeOf(dataset.image_folder());
  ASSIGN_OR_RETURN(Augmentation augmentation, Augmentation::Create(dataset.augment(), StatisticsOf(dataset, channels),
                                                                   size, AnyPictures(channels), /*training=*/false));
  if (augmentation.output_shape() != input) {
    return absl::InvalidArgumentError(absl::StrCat("expected pictures prepared to ", input.ToString(),
                                                   ", which the network takes, found ",
                                                   augmentation.output_shape().ToString()));
  }
  return PictureSet(std::move(paths), size.resize, std::move(augmentation));
}

absl::Status PictureSet::Read(int64_t index, ReadScratch* scratch, float* result) const {
  ImageView image;
  RETURN_IF_ERROR(ReadPicture(paths_[index], min_side_, scratch, &image));
  if (augmentation_.output_shape()[0] == 1) MakeGrey(&scratch->picture, &image);
  augmentation_.Apply(image, Random(0, "evaluation", 0, index), scratch, result);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListPictures(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, FileSystem::Posix()->List(folder));
  std::vector<std::string> paths;
  for (const DirectoryEntry& entry : entries) {
    if (!entry.is_directory && IsPictureName(entry.name)) paths.push_back(JoinPath(folder, entry.name));
  }
  if (paths.empty()) {
    return absl::NotFoundError(absl::StrCat(folder, ": expected pictures (*.jpg, *.jpeg, *.png), found none"));
  }
  return paths;
}

}  // namespace espalier

#include "data/open_source.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "data/builtin_digits.h"
#include "data/builtin_shapes.h"
#include "data/cifar.h"
#include "data/idx.h"
#include "data/image_folder.h"

namespace espalier {
namespace {

std::string Resolve(const std::string& data_dir, const std::string& path) {
  return data_dir.empty() || (!path.empty() && path[0] == '/') ? path : absl::StrCat(data_dir, "/", path);
}

// The message's `folder`, or the source's own place in the data folder.
template <typename Message>
std::string FolderOf(const Message& message, const char* standard, const std::string& data_dir) {
  return Resolve(data_dir, message.has_folder() ? message.folder() : standard);
}

using OpenedPictures = absl::StatusOr<std::unique_ptr<ImageSource>>;

OpenedPictures Open(const Mnist& mnist, const std::string& data_dir) {
  return OpenMnist(FolderOf(mnist, "mnist", data_dir), mnist.split() == TRAIN);
}

OpenedPictures Open(const Cifar10& cifar, const std::string& data_dir) {
  return OpenCifar10(FolderOf(cifar, "cifar10", data_dir), cifar.split() == TRAIN);
}

OpenedPictures Open(const Cifar100& cifar, const std::string& data_dir) {
  return OpenCifar100(FolderOf(cifar, "cifar100", data_dir), cifar.split() == TRAIN, cifar.coarse());
}

OpenedPictures Open(const Idx& idx, const std::string& data_dir) {
  return OpenIdx(Resolve(data_dir, idx.images()), Resolve(data_dir, idx.labels()), idx.classes());
}

// Shorter side down to which a picture can be reduced while it is decoded without enlarging any crop afterwards.
int ShortestUsefulSide(const Augment& augment, const FolderSize& folder, bool training) {
  if (!training || !augment.has_random_resized_crop()) return folder.resize;
  // The narrowest crop: the least area at the aspect ratio 4/3.
  const RandomResizedCrop& crop = augment.random_resized_crop();
  return static_cast<int>(std::ceil(static_cast<float>(crop.size()) / std::sqrt(0.75f * crop.min_area())));
}

OpenedPictures Open(const ImageFolder& images, const Augment& augment, const std::string& data_dir, bool training) {
  return OpenImageFolder(Resolve(data_dir, images.folder()),
                         ShortestUsefulSide(augment, FolderSizeOf(images), training));
}

OpenedPictures OpenPictures(const Dataset& dataset, const std::string& data_dir, bool training) {
  switch (dataset.source_case()) {
    case Dataset::kMnist:
      return Open(dataset.mnist(), data_dir);
    case Dataset::kCifar10:
      return Open(dataset.cifar10(), data_dir);
    case Dataset::kCifar100:
      return Open(dataset.cifar100(), data_dir);
    case Dataset::kIdx:
      return Open(dataset.idx(), data_dir);
    case Dataset::kImageFolder:
      return Open(dataset.image_folder(), dataset.augment(), data_dir, training);
    case Dataset::kBuiltinDigits:
      return MakeBuiltinDigits(dataset.builtin_digits().samples(), dataset.builtin_digits().seed());
    case Dataset::kBuiltinShapes:
      return MakeBuiltinShapes(dataset.builtin_shapes().samples(), dataset.builtin_shapes().seed());
    case Dataset::SOURCE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("expected a source (mnist, cifar10, ...), found none");
}

// As published with the data, or of the source's own pictures.
ChannelStatistics PublishedStatistics(const Dataset& dataset, int channels) {
  switch (dataset.source_case()) {
    case Dataset::kMnist:
      return {{0.1307f}, {0.3081f}};
    case Dataset::kCifar10:
      return {{0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f}};
    case Dataset::kCifar100:
      return {{0.5071f, 0.4865f, 0.4409f}, {0.2673f, 0.2564f, 0.2762f}};
    case Dataset::kImageFolder:
      return {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};  // ImageNet's
    case Dataset::kBuiltinDigits:
      return {{0.11f}, {0.25f}};
    case Dataset::kBuiltinShapes:
      return {{0.26f, 0.29f, 0.25f}, {0.25f, 0.28f, 0.25f}};
    default:
      break;
  }
  const std::vector<float> half(channels, 0.5f);
  return {half, half};
}

}  // namespace

ChannelStatistics StatisticsOf(const Dataset& dataset, int channels) {
  if (!dataset.has_normalize()) return PublishedStatistics(dataset, channels);
  const Normalize& normalize = dataset.normalize();
  return {{normalize.mean().begin(), normalize.mean().end()},
          {normalize.stddev().begin(), normalize.stddev().end()},
          normalize.pixel_max(),
          normalize.channel_order() == Normalize::BGR};
}

FolderSize FolderSizeOf(const ImageFolder& images) {
  return {images.has_resize() ? images.resize() : images.size(), images.size()};
}

absl::StatusOr<OpenedSource> OpenSource(const Dataset& dataset, const std::string& data_dir, bool training) {
  OpenedSource opened;
  ASSIGN_OR_RETURN(opened.source, OpenPictures(dataset, data_dir, training));
  opened.statistics = StatisticsOf(dataset, opened.source->channels());
  if (dataset.has_image_folder()) opened.folder = FolderSizeOf(dataset.image_folder());
  return opened;
}

}  // namespace espalier

#include "data/sample_set.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "data/augment.h"
#include "data/builtin_digits.h"
#include "data/builtin_shapes.h"
#include "data/cifar.h"
#include "data/idx.h"
#include "data/image_folder.h"

namespace espalier {
namespace {

// Pictures of a source, augmented and normalised.
class ImageSamples : public SampleSet {
 public:
  ImageSamples(std::unique_ptr<ImageSource> source, Augmentation augmentation, uint64_t seed)
      : source_(std::move(source)), augmentation_(std::move(augmentation)), seed_(seed) {}

  int64_t size() const override { return source_->size(); }
  SampleType type() const override { return {augmentation_.output_shape(), source_->classes()}; }
  absl::Status Read(int64_t index, uint32_t epoch, ReadScratch* scratch, float* image, int32_t* label) const override {
    ImageView picture;
    RETURN_IF_ERROR(source_->Read(index, scratch, &picture, label));
    augmentation_.Apply(picture, Random(seed_, "augment", epoch, index), scratch, image);
    return absl::OkStatus();
  }

 private:
  std::unique_ptr<ImageSource> source_;
  Augmentation augmentation_;
  uint64_t seed_;
};

// A source and what it says about itself.
struct OpenedSource {
  std::unique_ptr<ImageSource> source;
  ChannelStatistics statistics;
  FolderSize folder;
};

std::string Join(const std::string& folder, const std::string& path) {
  return folder.empty() || (!path.empty() && path[0] == '/') ? path : absl::StrCat(folder, "/", path);
}

// `folder`, or the source's own place in the data folder.
template <typename Message>
std::string FolderOf(const Message& source, const char* standard, const std::string& data_dir) {
  return Join(data_dir, source.has_folder() ? source.folder() : standard);
}

// Shorter side down to which a picture can be reduced while it is decoded without enlarging any crop afterwards.
int ShortestUsefulSide(const Augment& augment, const FolderSize& folder, bool training) {
  if (!training || !augment.has_random_resized_crop()) return folder.resize;
  // The narrowest crop: the least area at the aspect ratio 4/3.
  const RandomResizedCrop& crop = augment.random_resized_crop();
  return static_cast<int>(std::ceil(static_cast<float>(crop.size()) / std::sqrt(0.75f * crop.min_area())));
}

absl::StatusOr<OpenedSource> OpenSource(const Dataset& dataset, const std::string& data_dir, bool training) {
  OpenedSource opened;
  switch (dataset.source_case()) {
    case Dataset::kMnist: {
      const Mnist& mnist = dataset.mnist();
      ASSIGN_OR_RETURN(opened.source, OpenMnist(FolderOf(mnist, "mnist", data_dir), mnist.split() == TRAIN));
      opened.statistics = {{0.1307f}, {0.3081f}};
      return opened;
    }
    case Dataset::kCifar10: {
      const Cifar10& cifar = dataset.cifar10();
      ASSIGN_OR_RETURN(opened.source, OpenCifar10(FolderOf(cifar, "cifar10", data_dir), cifar.split() == TRAIN));
      opened.statistics = {{0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f}};
      return opened;
    }
    case Dataset::kCifar100: {
      const Cifar100& cifar = dataset.cifar100();
      ASSIGN_OR_RETURN(opened.source,
                       OpenCifar100(FolderOf(cifar, "cifar100", data_dir), cifar.split() == TRAIN, cifar.coarse()));
      opened.statistics = {{0.5071f, 0.4865f, 0.4409f}, {0.2673f, 0.2564f, 0.2762f}};
      return opened;
    }
    case Dataset::kIdx: {
      const Idx& idx = dataset.idx();
      ASSIGN_OR_RETURN(opened.source,
                       OpenIdx(Join(data_dir, idx.images()), Join(data_dir, idx.labels()), idx.classes()));
      opened.statistics.mean.assign(opened.source->channels(), 0.5f);
      opened.statistics.stddev.assign(opened.source->channels(), 0.5f);
      return opened;
    }
    case Dataset::kImageFolder: {
      const ImageFolder& folder = dataset.image_folder();
      opened.folder = {folder.has_resize() ? folder.resize() : folder.size(), folder.size()};
      const int min_side = ShortestUsefulSide(dataset.augment(), opened.folder, training);
      ASSIGN_OR_RETURN(opened.source, OpenImageFolder(Join(data_dir, folder.folder()), min_side));
      opened.statistics = {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};  // ImageNet's
      return opened;
    }
    case Dataset::kBuiltinDigits:
      opened.source = MakeBuiltinDigits(dataset.builtin_digits().samples(), dataset.builtin_digits().seed());
      opened.statistics = {{0.11f}, {0.25f}};
      return opened;
    case Dataset::kBuiltinShapes:
      opened.source = MakeBuiltinShapes(dataset.builtin_shapes().samples(), dataset.builtin_shapes().seed());
      opened.statistics = {{0.29f, 0.31f, 0.27f}, {0.25f, 0.26f, 0.23f}};
      return opened;
    default:
      return absl::InvalidArgumentError("data: expected a source (mnist, cifar10, ...), found none");
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<SampleSet>> OpenSampleSet(const Dataset& dataset, const std::string& data_dir,
                                                         uint64_t seed, bool training) {
  ASSIGN_OR_RETURN(OpenedSource opened, OpenSource(dataset, data_dir, training));
  if (dataset.has_normalize()) {
    const Normalize& normalize = dataset.normalize();
    opened.statistics.mean.assign(normalize.mean().begin(), normalize.mean().end());
    opened.statistics.stddev.assign(normalize.stddev().begin(), normalize.stddev().end());
  }
  ASSIGN_OR_RETURN(Augmentation augmentation,
                   Augmentation::Create(dataset.augment(), opened.statistics, opened.folder, *opened.source, training));
  std::unique_ptr<SampleSet> samples =
      std::make_unique<ImageSamples>(std::move(opened.source), std::move(augmentation), seed);
  if (!dataset.has_take()) return samples;
  if (dataset.take() < 1) {
    return absl::InvalidArgumentError(absl::StrCat("take: expected a positive number, found ", dataset.take()));
  }
  return std::make_unique<TakeSamples>(std::move(samples), dataset.take());
}

}  // namespace espalier

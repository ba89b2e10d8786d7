#include "data/sample_set.h"

#include <utility>

#include "core/status.h"
#include "data/augment.h"
#include "data/open_source.h"

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

}  // namespace

absl::StatusOr<std::unique_ptr<SampleSet>> OpenSampleSet(const Dataset& dataset, const std::string& data_dir,
                                                         uint64_t seed, bool training) {
  ASSIGN_OR_RETURN(OpenedSource opened, OpenSource(dataset, data_dir, training));
  ASSIGN_OR_RETURN(Augmentation augmentation,
                   Augmentation::Create(dataset.augment(), opened.statistics, opened.folder, *opened.source, training));
  std::unique_ptr<SampleSet> samples =
      std::make_unique<ImageSamples>(std::move(opened.source), std::move(augmentation), seed);
  if (!dataset.has_take()) return samples;
  return std::make_unique<TakeSamples>(std::move(samples), dataset.take());
}

}  // namespace espalier

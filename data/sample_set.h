// Random access to samples as the network takes them: the stage between sources and the loader. The algebra is made of
// small wrapping sets: an ImageSamples maps pictures through augmentation and normalisation, a TakeSamples keeps the
// first ones; order, shards and batches are arithmetic on indices (data/sample_order.h).
#ifndef ESPALIER_DATA_SAMPLE_SET_H_
#define ESPALIER_DATA_SAMPLE_SET_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/shape.h"
#include "data/source.h"
#include "proto/data.pb.h"

namespace espalier {

struct SampleType {
  Shape image_shape;  // [C, H, W], after augmentation
  int classes = 0;
};

// Thread-safe and deterministic: a sample is a function of (index, epoch) alone.
class SampleSet {
 public:
  virtual ~SampleSet() = default;
  virtual int64_t size() const = 0;
  virtual SampleType type() const = 0;
  // Writes one sample to `image` (type().image_shape.elements() floats) and its class to `label`.
  virtual absl::Status Read(int64_t index, uint32_t epoch, ReadScratch* scratch, float* image,
                            int32_t* label) const = 0;
};

// The first `size` samples of another set.
class TakeSamples : public SampleSet {
 public:
  TakeSamples(std::unique_ptr<SampleSet> base, int64_t size)
      : base_(std::move(base)), size_(std::min(size, base_->size())) {}
  int64_t size() const override { return size_; }
  SampleType type() const override { return base_->type(); }
  absl::Status Read(int64_t index, uint32_t epoch, ReadScratch* scratch, float* image, int32_t* label) const override {
    return base_->Read(index, epoch, scratch, image, label);
  }

 private:
  std::unique_ptr<SampleSet> base_;
  int64_t size_;
};

// Opens the source of a data set and wraps it in what the message asks for (all but order). Paths are relative to
// `data_dir`. Without `training`, augmentation keeps its sizes but not its chance: a random crop becomes the centre
// one.
absl::StatusOr<std::unique_ptr<SampleSet>> OpenSampleSet(const Dataset& dataset, const std::string& data_dir,
                                                         uint64_t seed, bool training);

}  // namespace espalier

#endif  // ESPALIER_DATA_SAMPLE_SET_H_

// Batches in order, prepared ahead by threads. What comes out depends on (data set, seed, epoch, batch) alone: not on
// the number of threads, the depth of prefetching, or where Seek started.
#ifndef ESPALIER_DATA_LOADER_H_
#define ESPALIER_DATA_LOADER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/tensor.h"
#include "data/sample_set.h"
#include "proto/data.pb.h"

namespace espalier {

struct Batch {
  Tensor images;      // f32 [N, C, H, W]
  Tensor labels;      // s32 [N]
  Tensor sample_ids;  // s32 [N]: indices in the data set
  // Valid rows, <= N. The short last batch of a validation epoch is filled up with copies of its first sample that bear
  // label -1.
  int64_t count = 0;
  uint32_t epoch = 0;
  int64_t index = 0;  // of the batch in its epoch, of all loaders together
};

struct LoaderOptions {
  std::string data_dir;
  int64_t batch_size = 64;  // of all ranks together
  uint64_t seed = 1;
  bool shuffle = true;  // where the data set does not say
  // Augments, and drops the samples that fill no whole batch; else every sample comes once per epoch, unaugmented.
  bool training = true;
  int threads = 1;  // 0: the caller's thread prepares each batch inside Next()
  int prefetch = 4;
  // Of each global batch, this loader delivers rows [row_begin, row_end); row_end 0: all. Loaders whose ranges make up
  // the whole see together what a single one sees.
  int64_t row_begin = 0;
  int64_t row_end = 0;
  // Of the batches of an epoch, this loader delivers every `batch_stride`-th, from number `first_batch` on.
  int64_t first_batch = 0;
  int64_t batch_stride = 1;
};

class Loader {
 public:
  static absl::StatusOr<std::unique_ptr<Loader>> Create(const Dataset& dataset, const LoaderOptions& options);
  static absl::StatusOr<std::unique_ptr<Loader>> Create(std::unique_ptr<SampleSet> samples,
                                                        const LoaderOptions& options);
  // Stops the threads, at any time.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  SampleType sample_type() const;
  int64_t size() const;
  // Those of all loaders together.
  const SampleSet& samples() const;
  // Of those that this loader delivers; 0 only if first_batch is past them all.
  int64_t batches_per_epoch() const;

  // The next batch to come is the `batch`-th that this loader delivers of `epoch`.
  void Seek(uint32_t epoch, int64_t batch);
  // Blocks until the next batch is ready; valid until the next call of Next or Seek. Rolls on into the next epoch. A
  // sample that cannot be read gives its error here, and again until Seek. Not for a loader without batches.
  absl::StatusOr<const Batch*> Next();

 private:
  class Impl;
  explicit Loader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace espalier

#endif  // ESPALIER_DATA_LOADER_H_

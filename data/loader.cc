#include "data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "data/sample_order.h"
#include "glog/logging.h"
#include "proto/constraints.h"

namespace espalier {

// A ring of slots: batch number `s`, counted from the last Seek, is prepared in slot s % slots. A task is a range of
// rows of one batch, so that several threads share even the first one; tasks are handed out in order under the mutex
// and run outside it. The caller of Next lends a hand while its batch is not ready.
class Loader::Impl {
 public:
  Impl(std::unique_ptr<SampleSet> samples, const LoaderOptions& options, const SampleOrder& order)
      : samples_(std::move(samples)), type_(samples_->type()), order_(order) {
    const int64_t most_tasks = std::max(1, 2 * options.threads);
    task_rows_ = (order_.rows + most_tasks - 1) / most_tasks;
    tasks_per_batch_ = (order_.rows + task_rows_ - 1) / task_rows_;
    has_batches_ = order_.batches_per_epoch() > 0;
    const Shape& image = type_.image_shape;
    // One slot is in the caller's hands.
    slots_.resize(std::max(1, options.prefetch) + 1);
    for (Slot& slot : slots_) {
      slot.batch.images = Tensor(DType::kF32, {order_.rows, image[0], image[1], image[2]});
      slot.batch.labels = Tensor(DType::kS32, {order_.rows});
      slot.batch.sample_ids = Tensor(DType::kS32, {order_.rows});
    }
    Restart(0, 0);
    for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Work(); });
  }

  ~Impl() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    task_free_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  const SampleSet& samples() const { return *samples_; }
  const SampleType& type() const { return type_; }
  const SampleOrder& order() const { return order_; }

  void Seek(uint32_t epoch, int64_t batch) {
    std::unique_lock<std::mutex> lock(mutex_);
    paused_ = true;
    batch_ready_.wait(lock, [this] { return running_ == 0; });
    Restart(epoch, batch);
    paused_ = false;
    task_free_.notify_all();
  }

  absl::StatusOr<const Batch*> Next() {
    CHECK(has_batches_);
    std::unique_lock<std::mutex> lock(mutex_);
    if (!failure_.ok()) return failure_;
    if (holding_) {  // gives back the slot of the call before
      ++first_;
      task_free_.notify_all();
    }
    holding_ = true;
    Slot& slot = slots_[first_ % slots_.size()];
    while (slot.sequence != first_ || slot.tasks_left > 0) {
      if (TaskWaits() && next_task_ / tasks_per_batch_ == first_) {
        RunTask(lock, &scratch_);
      } else {
        batch_ready_.wait(lock);
      }
    }
    if (!slot.status.ok()) return failure_ = slot.status;
    return &slot.batch;
  }

 private:
  struct Slot {
    Batch batch;
    int64_t sequence = -1;  // of the batch in here; -1: none
    int64_t tasks_left = 0;
    int64_t failed_row = 0;
    absl::Status status;  // of the first row that failed
  };

  void Restart(uint32_t epoch, int64_t batch) {
    const int64_t per_epoch = order_.batches_per_epoch();
    start_ = int64_t{epoch} * per_epoch + batch;
    next_task_ = first_ = 0;
    holding_ = false;
    failure_ = absl::OkStatus();
    for (Slot& slot : slots_) slot.sequence = -1;
  }

  bool TaskWaits() const {
    return !paused_ && !stopping_ && has_batches_ &&
           next_task_ < (first_ + static_cast<int64_t>(slots_.size())) * tasks_per_batch_;
  }

  void Work() {
    ReadScratch scratch;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      task_free_.wait(lock, [this] { return stopping_ || TaskWaits(); });
      if (stopping_) return;
      RunTask(lock, &scratch);
    }
  }

  // Takes the next task, leaves the lock while it runs, and marks it done.
  void RunTask(std::unique_lock<std::mutex>& lock, ReadScratch* scratch) {
    const int64_t sequence = next_task_ / tasks_per_batch_;
    const int64_t first_row = next_task_ % tasks_per_batch_ * task_rows_;
    ++next_task_;
    Slot& slot = slots_[sequence % slots_.size()];
    if (slot.sequence != sequence) BeginBatch(sequence, &slot);
    ++running_;
    lock.unlock();
    int64_t row = first_row;
    const absl::Status status = ReadRows(slot.batch, &row, std::min(first_row + task_rows_, order_.rows), scratch);
    lock.lock();
    --running_;
    if (!status.ok() && (slot.status.ok() || row < slot.failed_row)) {
      slot.status = status;
      slot.failed_row = row;
    }
    if (--slot.tasks_left == 0 || paused_) batch_ready_.notify_all();
  }

  void BeginBatch(int64_t sequence, Slot* slot) {
    const int64_t per_epoch = order_.batches_per_epoch();
    slot->sequence = sequence;
    slot->tasks_left = tasks_per_batch_;
    slot->status = absl::OkStatus();
    slot->batch.epoch = static_cast<uint32_t>((start_ + sequence) / per_epoch);
    slot->batch.index = order_.GlobalBatch((start_ + sequence) % per_epoch);
    slot->batch.count = order_.ValidRows(slot->batch.index);
  }

  // Reads rows [*row, end); on an error, *row is the one that failed.
  absl::Status ReadRows(const Batch& batch, int64_t* row, int64_t end, ReadScratch* scratch) const {
    const int64_t elements = type_.image_shape.elements();
    float* images = batch.images.data<float>();
    int32_t* labels = batch.labels.data<int32_t>();
    int32_t* ids = batch.sample_ids.data<int32_t>();
    for (; *row < end; ++*row) {
      const int64_t index = order_.Index(batch.epoch, batch.index, *row);
      ids[*row] = static_cast<int32_t>(index);
      RETURN_IF_ERROR(samples_->Read(index, batch.epoch, scratch, images + *row * elements, labels + *row));
      if (*row >= batch.count) labels[*row] = -1;
    }
    return absl::OkStatus();
  }

  const std::unique_ptr<SampleSet> samples_;
  const SampleType type_;
  const SampleOrder order_;
  bool has_batches_ = true;
  int64_t task_rows_ = 1;
  int64_t tasks_per_batch_ = 1;
  ReadScratch scratch_;  // of the thread that calls Next

  std::mutex mutex_;
  std::condition_variable task_free_;    // a task waits, or the end
  std::condition_variable batch_ready_;  // a batch is whole, or a task ended while paused
  std::vector<Slot> slots_;
  int64_t start_ = 0;      // batches before sequence 0, over all epochs
  int64_t first_ = 0;      // sequence of the batch that Next gave or will give
  int64_t next_task_ = 0;  // tasks handed out since Restart
  int running_ = 0;
  bool holding_ = false;  // the caller holds batch first_
  bool paused_ = false;
  bool stopping_ = false;
  absl::Status failure_;
  std::vector<std::thread> threads_;
};

absl::StatusOr<std::unique_ptr<Loader>> Loader::Create(const Dataset& dataset, const LoaderOptions& options) {
  // A job's data sets are proven to be sound; those that a package names may be anything.
  Diagnostics diagnostics;
  CheckConstraints(dataset, "", SourceMap(), &diagnostics);
  RETURN_IF_ERROR(diagnostics.ToStatus());
  ASSIGN_OR_RETURN(auto samples, OpenSampleSet(dataset, options.data_dir, options.seed, options.training));
  LoaderOptions effective = options;
  if (dataset.has_shuffle()) effective.shuffle = dataset.shuffle();
  return Create(std::move(samples), effective);
}

absl::StatusOr<std::unique_ptr<Loader>> Loader::Create(std::unique_ptr<SampleSet> samples,
                                                       const LoaderOptions& options) {
  CHECK_GE(options.threads, 0);
  const int64_t size = samples->size();
  if (options.batch_size < 1) {
    return absl::InvalidArgumentError(absl::StrCat("batch_size: expected at least 1, found ", options.batch_size));
  }
  const int64_t row_end = options.row_end == 0 ? options.batch_size : options.row_end;
  CHECK(0 <= options.row_begin && options.row_begin < row_end && row_end <= options.batch_size);
  CHECK(options.first_batch >= 0 && options.batch_stride >= 1);
  if (size < 1 || size > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(absl::StrCat("expected between 1 and 2^31 - 1 samples, found ", size));
  }
  if (options.training && size < options.batch_size) {
    return absl::InvalidArgumentError(absl::StrCat("batch_size: expected at most the ", size,
                                                   " samples of the training set, found ", options.batch_size));
  }
  SampleOrder order;
  order.size = size;
  order.batch_size = options.batch_size;
  order.row_begin = options.row_begin;
  order.rows = row_end - options.row_begin;
  order.first_batch = options.first_batch;
  order.batch_stride = options.batch_stride;
  order.shuffle = options.shuffle;
  order.drop_last = options.training;
  order.seed = options.seed;
  return std::unique_ptr<Loader>(new Loader(std::make_unique<Impl>(std::move(samples), options, order)));
}

Loader::Loader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Loader::~Loader() = default;

SampleType Loader::sample_type() const { return impl_->type(); }
const SampleSet& Loader::samples() const { return impl_->samples(); }
int64_t Loader::size() const { return impl_->samples().size(); }
int64_t Loader::batches_per_epoch() const { return impl_->order().batches_per_epoch(); }
void Loader::Seek(uint32_t epoch, int64_t batch) { impl_->Seek(epoch, batch); }
absl::StatusOr<const Batch*> Loader::Next() { return impl_->Next(); }

}  // namespace espalier

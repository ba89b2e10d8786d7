// Which part of a job's work a worker does: its shards of every global batch and its batches of a validation.
#ifndef ESPALIER_TRAINER_WORK_SHARE_H_
#define ESPALIER_TRAINER_WORK_SHARE_H_

#include <cstdint>

#include "core/status.h"
#include "parallel/shard_tree.h"
#include "proto/job.pb.h"

namespace espalier {

struct WorkShare {
  int worker = 0, workers = 1;
  // Of every global batch, of all workers together. As many as workers, or what the job's reproducible mode says.
  int shards = 1;
  int64_t batch_size = 1;  // global
  // Networks that compute this worker's shards side by side, each on one thread; 0: its only shard is computed on all
  // its threads.
  int lanes = 0;
  // The gradients of a step are the mean over this worker's rows instead of the global batch's.
  bool asynchronous = false;

  int first_shard() const { return ShardBegin(shards, worker, workers); }
  int end_shard() const { return ShardBegin(shards, worker + 1, workers); }
  // The first row of a shard in the global batch.
  int64_t RowBegin(int shard) const { return batch_size * shard / shards; }
  int64_t RowsOf(int shard) const { return RowBegin(shard + 1) - RowBegin(shard); }
  // Of each shard, where a worker has several.
  int64_t shard_rows() const { return RowsOf(first_shard()); }
  int64_t row_begin() const { return RowBegin(first_shard()); }
  int64_t row_end() const { return RowBegin(end_shard()); }
  int64_t rows() const { return row_end() - row_begin(); }
};

// The share of `worker`, which has `threads` threads. InvalidArgument if the number of workers does not fit the job:
// "data.batch_size: expected ...", the field at fault first.
absl::StatusOr<WorkShare> ShareWork(const Job& job, int worker, int workers, int threads);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_WORK_SHARE_H_

#include "trainer/work_share.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace espalier {

absl::StatusOr<WorkShare> ShareWork(const Job& job, int worker, int workers, int threads) {
  const Parallel& parallel = job.parallel();
  WorkShare share;
  share.worker = worker;
  share.workers = workers;
  share.shards = parallel.has_reproducible() ? parallel.reproducible().shards() : workers;
  share.batch_size = job.data().batch_size();
  const ParameterServer& server = parallel.data().parameter_server();
  share.asynchronous = server.has_asynchronous() || server.has_bounded_staleness();
  if (workers > share.batch_size) {
    return absl::InvalidArgumentError(absl::StrCat("data.batch_size: expected at least a sample for each of the ",
                                                   workers, " ranks that train, found ", share.batch_size));
  }
  if (workers > share.shards) {
    return absl::InvalidArgumentError(
        absl::StrCat("parallel.reproducible.shards: expected at least one for each of the ", workers,
                     " ranks that train, found ", share.shards));
  }
  if (parallel.has_reproducible()) {
    share.lanes = std::max(1, std::min(threads, share.end_shard() - share.first_shard()));
  }
  return share;
}

}  // namespace espalier

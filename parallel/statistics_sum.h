// The workers' sum of running statistics, along the shard tree: the tail of their exchange arenas.
#ifndef ESPALIER_PARALLEL_STATISTICS_SUM_H_
#define ESPALIER_PARALLEL_STATISTICS_SUM_H_

#include <memory>
#include <vector>

#include "core/executor.h"
#include "parallel/communicator.h"
#include "parallel/data_parallel.h"
#include "parallel/range_reduction.h"

namespace espalier {

class StatisticsSum {
 public:
  // Of `shards` shards of all workers.
  StatisticsSum(Communicator* workers, ParameterStore* store, int shards);

  // Starts a sum of exchange arenas' tails, into that of the store. Called by all workers together; `mine` are this
  // worker's nodes of the shard tree.
  void Start(const std::vector<PartialSum>& mine);
  // Whether the sum is there. Does not wait.
  bool Test();

 private:
  ParameterStore* const store_;
  std::unique_ptr<RangeReduction> reduction_;  // null with a single worker
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_STATISTICS_SUM_H_

// The slow, plain twin of AllReduce: every worker gathers everybody's partial sums and adds them along the shard tree
// itself, one message after the other. For tests, which hold the fast methods against it.
#ifndef ESPALIER_PARALLEL_PLAIN_ALL_REDUCE_H_
#define ESPALIER_PARALLEL_PLAIN_ALL_REDUCE_H_

#include "core/executor.h"
#include "parallel/communicator.h"
#include "parallel/data_parallel.h"

namespace espalier {

class PlainAllReduce : public DataParallel {
 public:
  PlainAllReduce(Communicator* workers, ParameterStore* store, int shards)
      : workers_(workers), store_(store), shards_(shards) {}

  absl::Status Load(const Optimizer& config, ParameterOptimizer* optimizer) override;
  absl::StatusOr<StepOutput> FinishStep(const StepInput& input) override;

 private:
  Communicator* const workers_;
  ParameterStore* const store_;
  const int shards_;
  ParameterOptimizer* optimizer_ = nullptr;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_PLAIN_ALL_REDUCE_H_

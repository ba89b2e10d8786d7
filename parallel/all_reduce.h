// Data parallelism by all-reduce: every worker holds all weights, slots included, and updates them with the sum of all
// workers' gradients. As the sums have equal bits on all workers, so have the weights, for ever.
//
// The exchange arena is cut into buckets at the bounds of parameters. Where each worker has one shard, a bucket sets
// out as soon as the backward pass has finished its gradients; all workers keep one order, that in which the buckets
// are expected to become ready. The bucket of the running statistics comes last, always as f32.
#ifndef ESPALIER_PARALLEL_ALL_REDUCE_H_
#define ESPALIER_PARALLEL_ALL_REDUCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/executor.h"
#include "parallel/activity.h"
#include "parallel/communicator.h"
#include "parallel/data_parallel.h"
#include "parallel/figures_exchange.h"
#include "parallel/range_reduction.h"
#include "parallel/trace.h"

namespace espalier {

struct AllReduceOptions {
  int shards = 1;  // of all workers; at least as many as there are workers
  // A bucket holds at least this much, or a fourth of all gradients where that is less.
  int64_t bucket_bytes = int64_t{4} << 20;
  DType wire = DType::kF32;
  // The parameters in the order in which the backward pass finishes their gradients; those that are not named come
  // last.
  std::vector<int> ready_order;
  Activity* activity = nullptr;  // null: nobody watches
  Trace* trace = nullptr;        // null: none is kept
};

// The buckets of the gradients, in the order in which they set out.
std::vector<ReductionRange> GradientBuckets(const ParameterLayout& layout, const AllReduceOptions& options);

class AllReduce : public DataParallel {
 public:
  // Both outlive it.
  AllReduce(Communicator* workers, ParameterStore* store, AllReduceOptions options);

  absl::Status Load(const Optimizer& config, ParameterOptimizer* optimizer) override;
  void OnGradientReady(int parameter) override;
  void Progress() override;
  absl::StatusOr<StepOutput> FinishStep(const StepInput& input) override;
  std::string Report() const override;

 private:
  void BeginBuckets();
  void BeginStep(const std::vector<PartialSum>& sums);
  void LaunchBucket();
  void NoteFinished();
  void Exchange(const StepInput& input);
  // Returns whether the gradients are finite; true where nobody asked.
  bool Update(const StepInput& input, const ShardFigures& figures);

  Communicator* const workers_;
  ParameterStore* const store_;
  const AllReduceOptions options_;
  ParameterOptimizer* optimizer_ = nullptr;
  FiguresExchange figures_;
  const std::vector<PartialSum> single_sum_;   // what a worker with one shard brings
  std::unique_ptr<RangeReduction> reduction_;  // null with a single worker

  int buckets_ = 0;  // that of the statistics included
  int gradient_buckets_ = 0;
  std::vector<int> bucket_of_;          // by parameter
  std::vector<int> bucket_parameters_;  // by bucket: how many it has
  std::vector<int> missing_;            // by bucket: parameters whose gradients are not ready in this step
  bool under_way_ = false;              // a step's exchange has begun

  // For the report, in seconds.
  std::vector<double> launched_at_;  // by bucket
  int noted_ = 0;                    // buckets of this step known to be finished
  double busy_since_ = 0;            // some bucket has been under way
  int64_t steps_ = 0;
  double under_way_s_ = 0;  // some bucket was
  double exposed_s_ = 0;    // FinishStep waited
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_ALL_REDUCE_H_

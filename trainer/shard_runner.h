// Runs a worker's shards of each global batch, forward and backward, and its batches of a validation.
//
// By default a worker has one shard and computes it on all its threads. In reproducible mode it has several: each is
// computed by itself on one thread, several side by side (lanes), and their values are summed along the shard tree; so
// what comes out depends neither on the number of threads nor on that of workers.
#ifndef ESPALIER_TRAINER_SHARD_RUNNER_H_
#define ESPALIER_TRAINER_SHARD_RUNNER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "data/loader.h"
#include "parallel/data_parallel.h"
#include "parallel/shard_fold.h"
#include "trainer/lane_pool.h"
#include "trainer/network.h"
#include "trainer/work_share.h"

namespace espalier {

struct ShardRunnerHooks {
  // Those that a method wants, which must outlive them.
  static ShardRunnerHooks For(DataParallel* method);

  // Changes a parameter's gradient of one shard, which stands in the given exchange arena, before it is summed up with
  // others': the weight transforms. Called by several lanes at the same time, on arenas of their own.
  std::function<void(int parameter, float* arena)> transform_gradient;
  // With a single shard, within the backward pass: a transformed gradient is final; and between operators.
  std::function<void(int parameter)> gradient_ready;
  std::function<void()> progress;
};

class ShardRunner {
 public:
  // `options` is that of `main`, for a network of the rows of one shard.
  static absl::StatusOr<std::unique_ptr<ShardRunner>> Create(const Model& model, const Loss& loss,
                                                             const NetworkOptions& options, const WorkShare& share,
                                                             Network* main);

  void set_hooks(ShardRunnerHooks hooks);

  // `batch` has this worker's rows. Fills in the partial sums (valid until the next call) and figures of `input`. The
  // gradients are of loss_scale times the mean loss, over the global batch or, asynchronously, over this worker's rows.
  void Run(const Batch& batch, float loss_scale, const StepContext& context, StepInput* input);
  // Where the last step's first value that is not finite appeared in this worker's shards; trainer/divergence.h.
  std::string LocateNonFinite();

  // Evaluates all batches of `data`, in their order. Nothing if `stop_requested` says so in between.
  absl::StatusOr<std::optional<std::vector<ShardFigures>>> Evaluate(Loader& data, uint64_t seed,
                                                                    const std::function<bool()>& stop_requested);
  // Called between the batches of a validation.
  void set_on_batch(std::function<void()> on_batch) { on_batch_ = std::move(on_batch); }

 private:
  struct Lane {
    std::unique_ptr<Network> network;
    std::unique_ptr<ShardFold> fold;  // null: the first lane sums into fold_
    Tensor images, labels;            // of a validation batch
  };

  ShardRunner(const WorkShare& share, Network* main);
  void RunWhole(StepInput* input);
  void RunShards(StepInput* input);
  void RunShard(int shard, Network* network, ShardFigures* figures);
  float ShareOfBatch(int shard) const;
  void TransformAll(float* arena) const;

  const WorkShare share_;
  Network* const main_;
  std::vector<Lane> lanes_;
  std::unique_ptr<LanePool> pool_;
  ShardFold fold_;  // of all lanes, in the main network's exchange arena
  ShardRunnerHooks hooks_;
  std::function<void()> on_batch_ = [] {};
  // The step under way.
  const Batch* batch_ = nullptr;
  float gradient_seed_ = 0;
  StepContext context_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_SHARD_RUNNER_H_

// How the ranks that train (the workers) keep one set of weights: by all-reduce (parallel/all_reduce.h) or by a
// parameter server (parallel/parameter_server.h). The trainer's loop knows this interface alone, with one rank too.
//
// The unit of gradient work is a shard of the global batch: consecutive rows. A worker computes consecutive shards, and
// the shards of all workers in the order of their ranks are the global batch. By default each worker has one; in
// reproducible mode their number is fixed. Whatever the method, values of shards are summed along the tree of
// parallel/shard_tree.h, whose shape depends on the number of shards alone.
//
// A step's values are the flat exchange arena: the gradients of all parameters (core/executor.h, ParameterStore),
// followed by the running statistics, each scaled by the shard's part of the global batch, so that their sum over the
// shards is their mean.
#ifndef ESPALIER_PARALLEL_DATA_PARALLEL_H_
#define ESPALIER_PARALLEL_DATA_PARALLEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/status.h"
#include "optim/optimizer.h"

namespace espalier {

class Optimizer;  // the message of proto/optimizer.proto

// The sum of shards [begin, end), which are a node of the shard tree: an exchange arena.
struct PartialSum {
  int begin = 0, end = 0;
  float* values = nullptr;
};

// What one shard's forward pass found: sums over its samples.
struct ShardFigures {
  double loss = 0, samples = 0, top1 = 0, top5 = 0;

  void Add(const ShardFigures& other) {
    loss += other.loss;
    samples += other.samples;
    top1 += other.top1;
    top5 += other.top5;
  }
};

struct StepInput {
  // Of this worker, ascending by shard, none the sibling of its neighbour. The method may change the values.
  std::vector<PartialSum> partial_sums;
  std::vector<ShardFigures> figures;  // of each of this worker's shards
  double learning_rate = 0;
  // The gradients are this many times too large. With `scaled`, a step with a gradient that is not finite is skipped.
  float loss_scale = 1;
  bool scaled = false;
  int64_t optimizer_step = 1;   // the number of this update since the slots were new, from 1
  bool stop_requested = false;  // of this worker
};

struct StepOutput {
  ShardFigures figures;  // of the global batch; of this worker's rows alone under an asynchronous method
  bool finite = true;    // of the gradients; false only where `scaled`
  bool stop = false;     // some worker asked to stop
};

class DataParallel {
 public:
  virtual ~DataParallel() = default;

  // Takes over what worker 0 has: weights, running statistics, and the slots of `optimizer`, which `config` describes;
  // all workers have them on return. After a resume, at a phase's beginning, and whenever weights or slots were changed
  // by other means than a step. `optimizer` must live until the next call.
  virtual absl::Status Load(const Optimizer& config, ParameterOptimizer* optimizer) = 0;

  // Within the backward pass of a worker that has a single shard: a parameter's gradient is final in the exchange
  // arena. May start to send it.
  virtual void OnGradientReady(int /*parameter*/) {}
  // Moves on what is under way; called between operators. Cheap.
  virtual void Progress() {}

  // After the backward pass: exchanges, updates. On return the weights are the next step's, and the statistics in the
  // store the mean over the shards.
  virtual absl::StatusOr<StepOutput> FinishStep(const StepInput& input) = 0;

  // Whether workers go at their own pace between two calls of Synchronize.
  virtual bool asynchronous() const { return false; }
  // Called by all workers after the same number of steps: all have the same weights and statistics on return, in which
  // every step of every worker counts.
  virtual absl::Status Synchronize() { return absl::OkStatus(); }
  // Called by all workers before a checkpoint: worker 0's weights and slots are the current ones on return.
  virtual absl::Status Publish() { return absl::OkStatus(); }

  // Called by all workers at the end, also after an error of their own that all share.
  virtual absl::Status Finish() { return absl::OkStatus(); }
  // For people, once the run is done: what travelled, how long, how much of it hidden. Lines, each ended.
  virtual std::string Report() const { return ""; }
  // Of worker 0, after Finish: writes what the method measured to files of its own in the directory.
  virtual absl::Status WriteReport(FileSystem* /*files*/, const std::string& /*directory*/) const {
    return absl::OkStatus();
  }
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_DATA_PARALLEL_H_

// A job's network made executable: the model's graphs after all passes, planned for training and for evaluation on one
// store of parameters.
#ifndef ESPALIER_TRAINER_NETWORK_H_
#define ESPALIER_TRAINER_NETWORK_H_

#include <memory>
#include <vector>

#include "core/channel_reducer.h"
#include "core/executor.h"
#include "core/status.h"
#include "layers/model_builder.h"
#include "proto/job.pb.h"
#include "proto/source_map.h"

namespace espalier {

struct NetworkOptions {
  int64_t batch_size = 1;
  int64_t evaluation_batch_size = 1;
  uint64_t seed = 1;
  Precision::Compute compute = Precision::F32;
  bool reference_only = false;
  // A network of the same model, whose weights this one shares; its gradients and states are its own. May be null.
  const ParameterStore* weights_of = nullptr;
  // Where the job's fields were written, for errors; may be null.
  const SourceMap* sources = nullptr;
  // Not null: batch norm in training takes its statistics from the `global_batch_size` rows of all ranks, which all
  // make the same steps; batch_size of them are this rank's. Must outlive the network.
  ChannelReducer* channel_reducer = nullptr;
  int64_t global_batch_size = 0;
};

struct NetworkFigures {
  int64_t parameters = 0;
  int64_t forward_macs = 0;    // of one sample
  size_t parameter_bytes = 0;  // weights and gradients
  size_t workspace_bytes = 0;  // activations and scratch
};

class Network {
 public:
  // The job's model must have one input, of the samples' shape.
  static absl::StatusOr<std::unique_ptr<Network>> Create(const Model& model, const Loss& loss,
                                                         const NetworkOptions& options);

  Executor& training() { return *training_; }
  Executor& evaluation() { return *evaluation_; }
  ParameterStore& parameters() { return *store_; }
  const std::vector<BuiltLayer>& layers() const { return layers_; }
  NetworkFigures Figures() const;

  // Training step on bound tensors: forward and backward. The gradients in the store become gradient_seed times the
  // derivative of the SUM of the losses: with seed 1 / batch, of their mean. Returns that sum.
  double TrainStep(const Tensor& images, const Tensor& labels, const Tensor& sample_ids, float gradient_seed,
                   const StepContext& context);
  // labelled rows, top-1 right, top-5 right of the last TrainStep or Evaluate.
  struct Counts {
    double samples = 0, top1 = 0, top5 = 0;
  };
  Counts LastCounts() const { return counts_; }
  // Forward pass of the evaluation graph; returns the sum of the losses over labelled rows.
  double Evaluate(const Tensor& images, const Tensor& labels, const StepContext& context);

 private:
  Network() = default;
  double Finish(const Executor& executor);

  std::shared_ptr<ParameterStore> store_;
  std::shared_ptr<Workspace> workspace_;
  std::unique_ptr<Executor> training_, evaluation_;
  std::vector<BuiltLayer> layers_;
  std::string input_name_;
  Tensor seed_;
  ChannelReducer* channel_reducer_ = nullptr;
  Counts counts_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_NETWORK_H_

// All that changes while a job trains, beside the weights: position, optimizer, schedule, loss scale, sums. It comes
// from checkpoints and goes into them, so that a resumed run continues with the same bits.
#ifndef ESPALIER_TRAINER_RUN_STATE_H_
#define ESPALIER_TRAINER_RUN_STATE_H_

#include <memory>
#include <optional>
#include <string>

#include "checkpoint/checkpoint_files.h"
#include "compression/weight_transforms.h"
#include "core/status.h"
#include "optim/loss_scaler.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "parallel/data_parallel.h"
#include "proto/checkpoint.pb.h"
#include "trainer/prepared_job.h"

namespace espalier {

// Loss and counts over some samples.
using SampleSums = ShardFigures;

class RunState {
 public:
  // `job` must outlive this. `job_text` is what checkpoints say of the job.
  RunState(PreparedJob* job, std::string job_text);

  // The beginning of a phase: its schedule, its optimizer if it brings one, and what it prunes, shares, rounds or
  // restores, which changes weights and slots: these must be the current ones.
  absl::Status BeginPhase(int phase);

  // Whether the phase prunes (gradually) once as many of its steps are done as now: asked after each step, followed by
  // Prune. That changes weights and slots, which must be the current ones.
  bool PruningDue() const;
  // Whether the phase prunes no more.
  bool PruningOver() const;
  void Prune();

  // What a checkpoint of this moment holds; the tensors are the arenas' own memory. The network's weights must be in
  // place: a checkpoint's weights are those that the network computes with, the trained ones part of the transforms.
  TrainingState ToCheckpoint();
  // Sets everything, weights included, to where the checkpoint was made. InvalidArgument if it is of a run whose model,
  // optimizer or position does not fit the job; then the state is good for nothing.
  absl::Status Restore(const Checkpoint& checkpoint) { return Restore(checkpoint.state(), &checkpoint); }
  // Without `tensors`, sets everything but weights, running statistics and slots, which come from another rank.
  absl::Status Restore(const CheckpointState& saved, const Checkpoint* tensors);

  // Steps done since the job began, and in this phase.
  int64_t step() const { return proto_.global_step(); }
  int64_t step_in_phase() const { return proto_.step_in_phase(); }
  int phase() const { return proto_.phase(); }
  // One more step done, at that learning rate; `updated` if the weights changed.
  void CountStep(double learning_rate, bool updated);
  // Updates by the current optimizer.
  int64_t optimizer_step() const { return proto_.optimizer_step(); }

  // The other entries of the checkpoint's state.
  CheckpointState& proto() { return proto_; }
  const CheckpointState& proto() const { return proto_; }

  ParameterOptimizer& optimizer() { return *optimizer_; }
  const WeightTransforms& transforms() const { return transforms_; }
  // For as long as it lives, the network has the weights that it computes with instead of those that train: around each
  // use of the network.
  NetworkWeightsInPlace PutNetworkWeights() { return {&transforms_, job_->network->parameters().weights()}; }
  // The share of weights that are masked; nothing while none can be.
  std::optional<double> sparsity() const;
  LearningRateSchedule& schedule() { return *schedule_; }
  LossScaler* loss_scaler() { return loss_scaler_ ? &*loss_scaler_ : nullptr; }

  // Since the last record of the train split, and since the epoch began.
  SampleSums since_record, since_epoch;

 private:
  const ParameterLayout& layout() const { return job_->network->parameters().layout(); }
  // All of a phase's beginning but what it does to weights.
  absl::Status EnterPhase(int phase);
  std::vector<NamedTensor> WeightTensors() const;
  std::vector<NamedTensor> OptimizerTensors() const;
  absl::Status CheckPosition(const CheckpointState& saved) const;

  PreparedJob* const job_;
  const std::string job_text_;
  CheckpointState proto_;
  std::unique_ptr<ParameterOptimizer> optimizer_;
  std::unique_ptr<LearningRateSchedule> schedule_;
  std::optional<LossScaler> loss_scaler_;
  WeightTransforms transforms_;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_RUN_STATE_H_

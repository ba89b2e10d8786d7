// Runs a job: its phases, step by step, with validation, checkpoints, metrics and exact resume.
//
// A run is a function of the job alone. All that changes from step to step stands in a checkpoint (weights, running
// statistics, optimizer slots, position, sums), so a resumed run continues with the same bits; the data's order and
// augmentation follow from the number of the step.
#ifndef ESPALIER_TRAINER_TRAINER_H_
#define ESPALIER_TRAINER_TRAINER_H_

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/status.h"
#include "data/loader.h"
#include "optim/loss_scaler.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "proto/checkpoint.pb.h"
#include "proto/job_loader.h"
#include "trainer/checkpoint.h"
#include "trainer/network.h"
#include "trainer/reporter.h"

namespace espalier {

struct TrainerOptions {
  std::string data_dir;
  std::string output_dir;
  bool resume = false;     // continue the newest checkpoint; begin anew where there is none
  bool overwrite = false;  // begin anew where a run has been
  FileSystem* files = nullptr;
  std::ostream* out = nullptr;
};

struct TrainingResult {
  bool stopped = false;  // by a signal, after saving
  int64_t steps = 0;
  double seconds = 0;  // of this process
  std::optional<double> validation_top1, best_top1;
};

class Trainer {
 public:
  // Proves the job: opens the data, builds and plans the network, makes every phase's schedule and optimizer. Writes
  // nothing.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(JobDocument document, TrainerOptions options);

  Network& network() { return *network_; }
  // What the job is and what it takes, for `--dry_run`.
  std::string Describe() const;

  // Trains to the job's end, or until a signal asks to stop. Errors: FailedPrecondition when the output directory is in
  // use or holds another run; Internal naming the layer when the training diverged; what the data or files say.
  absl::StatusOr<TrainingResult> Run();

 private:
  struct PhasePlan {
    int64_t steps = 0;
    const Optimizer* optimizer = nullptr;  // the phase's own or the job's
  };
  // Loss and counts over some samples.
  struct Sums {
    double loss = 0, samples = 0, top1 = 0, top5 = 0;
  };

  Trainer(JobDocument document, TrainerOptions options)
      : document_(std::move(document)), job_(document_.job), options_(std::move(options)) {}

  absl::Status OpenData();
  absl::Status PlanPhases();
  absl::Status BuildNetwork();

  // Positions the run: at its start, or where the newest checkpoint stands.
  absl::Status Start();
  absl::Status Restore(const Checkpoint& checkpoint);
  absl::Status BeginPhase(int phase);
  absl::Status RunPhase();
  absl::Status Step();
  absl::Status ApplyGradients(double loss, double rate);
  absl::Status EndEpoch();
  absl::Status Validate(Sums* sums);
  absl::Status SaveCheckpoint();
  absl::Status Diverged(const StepContext& context, absl::string_view what);
  absl::Status CheckWeightsFinite();

  MetricsRecord Record(MetricsRecord::Split split, const Sums& sums) const;
  std::vector<NamedTensor> WeightTensors() const;
  std::vector<NamedTensor> OptimizerTensors() const;
  int64_t steps_per_epoch() const { return train_data_->batches_per_epoch(); }
  const Phase& phase() const { return job_.phase(state_.phase()); }
  bool EpochEnds() const;
  bool HasStopRequest() const;

  JobDocument document_;
  const Job& job_;
  TrainerOptions options_;
  std::unique_ptr<Loader> train_data_, validation_data_;
  std::unique_ptr<Network> network_;
  std::vector<PhasePlan> phases_;

  // The run. `state_` is what the next checkpoint says.
  CheckpointState state_;
  Sums sums_;  // since the last record of the train split
  Sums epoch_sums_;
  std::unique_ptr<ParameterOptimizer> optimizer_;
  std::unique_ptr<LearningRateSchedule> schedule_;
  std::optional<LossScaler> loss_scaler_;
  std::unique_ptr<CheckpointStore> checkpoints_;
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<Reporter> reporter_;
  double last_rate_ = 0;
  std::optional<double> last_top1_;
  bool phase_over_ = false;
  int64_t saved_step_ = -1;
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_TRAINER_H_

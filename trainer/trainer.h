// Runs a job: its phases, step by step, with validation, checkpoints, metrics and exact resume.
//
// A run is a function of the job alone. All that changes from step to step stands in a checkpoint (weights, running
// statistics, optimizer slots, position, sums), so a resumed run continues with the same bits; the data's order and
// augmentation follow from the number of the step.
#ifndef ESPALIER_TRAINER_TRAINER_H_
#define ESPALIER_TRAINER_TRAINER_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "core/files/file_system.h"
#include "core/status.h"
#include "trainer/output_directory.h"
#include "trainer/prepared_job.h"
#include "trainer/reporter.h"
#include "trainer/run_state.h"

namespace espalier {

struct TrainerOptions {
  std::string output_dir;
  StartMode mode = StartMode::kNew;
  FileSystem* files = nullptr;
  std::ostream* out = nullptr;
  Terminal terminal;                                            // that `out` goes to
  std::function<bool()> stop_requested = [] { return false; };  // asked between steps
};

struct TrainingResult {
  bool stopped = false;  // on request, after saving
  int64_t steps = 0;     // done since the job began
};

class Trainer {
 public:
  Trainer(std::unique_ptr<PreparedJob> job, TrainerOptions options);

  // Trains to the job's end, or until asked to stop; tells the course on `out`, at the end a summary. Once an object.
  // Errors that BadInput marks: the output directory is in use or holds another run, a sample cannot be read. Others:
  // files cannot be written, or the training diverged; the last checkpoint is kept.
  absl::StatusOr<TrainingResult> Run();

 private:
  // Positions the run: at its start, or where the newest checkpoint stands.
  absl::Status Start();
  absl::Status Resume(const Checkpoint& checkpoint);
  absl::Status OpenReporter();

  absl::Status RunPhases();
  absl::Status RunPhase();
  absl::Status Step();
  // Updates the weights; false if the loss scaler skips the step.
  absl::StatusOr<bool> Update(double loss, double rate);
  // Validates where it is due, and reports. Leaves epoch_end_due if asked to stop in between.
  absl::Status EndEpoch();
  absl::Status SaveCheckpoint();
  absl::Status Diverged(absl::string_view what);
  // The summary and the curves of a finished run.
  absl::Status Finish(double seconds);

  MetricsRecord Record(MetricsRecord::Split split, const SampleSums& sums) const;
  const Phase& phase() const { return job_->job().phase(state_.phase()); }
  const PreparedPhase& prepared_phase() const { return job_->phases[state_.phase()]; }
  bool PhaseIsOver() const;
  bool JobIsOver() const { return PhaseIsOver() && state_.phase() + 1 == job_->job().phase_size(); }
  // Whether the step done last is the last of an epoch, or of the phase.
  bool AtEpochEnd() const;

  const std::unique_ptr<PreparedJob> job_;
  const TrainerOptions options_;
  const std::string job_text_;
  RunState state_;
  std::unique_ptr<OutputDirectory> output_;
  std::unique_ptr<Reporter> reporter_;
  StepContext context_;      // of the last step
  bool unsaved_ = false;     // something happened since the last checkpoint
  int64_t saved_step_ = -1;  // of the last checkpoint; -1: none
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_TRAINER_H_

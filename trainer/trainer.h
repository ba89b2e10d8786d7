// Runs a job: its phases, step by step, with validation, checkpoints, metrics and exact resume.
//
// A run is a function of the job alone. All that changes from step to step stands in a checkpoint (weights, running
// statistics, optimizer slots, position, sums), so a resumed run continues with the same bits; the data's order and
// augmentation follow from the number of the step.
//
// All workers of a run (parallel/data_parallel.h) go through the same code in step; worker 0 alone reads and writes
// files and talks.
#ifndef ESPALIER_TRAINER_TRAINER_H_
#define ESPALIER_TRAINER_TRAINER_H_

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "core/files/file_system.h"
#include "core/status.h"
#include "parallel/activity.h"
#include "parallel/data_parallel.h"
#include "parallel/trace.h"
#include "tools/run_status.h"
#include "trainer/output_directory.h"
#include "trainer/prepared_job.h"
#include "trainer/reporter.h"
#include "trainer/run_state.h"
#include "trainer/team.h"

namespace espalier {

struct TrainerOptions {
  std::string output_dir;
  std::string data_dir;  // the job's data paths are relative to it
  StartMode mode = StartMode::kNew;
  FileSystem* files = nullptr;
  std::ostream* out = nullptr;
  Terminal terminal;                                            // that `out` goes to
  std::function<bool()> stop_requested = [] { return false; };  // asked between steps
  // The ranks of the job, and the workers among them; null: this process alone. Every rank calls Run, unless it holds
  // weights for the others (ServeParameters).
  Communicator* world = nullptr;
  Communicator* workers = nullptr;
  Activity* activity = nullptr;  // kept up to date; may be null
  std::string host = "localhost";
  std::string trace_path;  // of the timeline of all workers; empty: none
};

struct TrainingResult {
  bool stopped = false;  // on request, after saving
  int64_t steps = 0;     // done since the job began
};

class Trainer {
 public:
  Trainer(std::unique_ptr<PreparedJob> job, TrainerOptions options);

  // Trains to the job's end, or until some worker is asked to stop; tells the course on `out`, at the end a summary.
  // Once an object. An error that not all workers have (IsShared) leaves the others waiting: end them.
  // Errors that BadInput marks: the output directory is in use or holds another run, a sample cannot be read. Others:
  // files cannot be written, or the training diverged; the last checkpoint is kept.
  absl::StatusOr<TrainingResult> Run();

 private:
  absl::Status Train();
  // The leader says in the status file how it stands.
  absl::Status NoteStatus(RunStatus::State state, const absl::Status& status = absl::OkStatus());
  // Positions the run: at its start, or where the newest checkpoint stands.
  absl::Status Start();
  absl::StatusOr<std::optional<Checkpoint>> OpenOutput();
  absl::Status Resume(const CheckpointState& saved, const Checkpoint* checkpoint);
  absl::Status OpenReporter();
  // Makes worker 0's weights, statistics, slots and masks everybody's.
  absl::Status ShareWeights();
  // Changes weights or slots by other means than a step, on all workers alike.
  absl::Status ChangeWeights(const std::function<absl::Status()>& change);

  absl::Status RunPhases();
  absl::Status RunPhase();
  absl::Status Step();
  // Takes note of what the workers found together in the step done.
  absl::Status Account(const StepOutput& output, double rate);
  // Validates where it is due, and reports. Leaves epoch_end_due if asked to stop in between.
  absl::Status EndEpoch();
  absl::Status SaveCheckpoint();
  absl::Status WriteCheckpoint();
  absl::Status Diverged(absl::string_view what);
  // Diverged if a weight or a running statistic is not finite.
  absl::Status CheckFinite();
  // The summary and the curves of a finished run.
  absl::Status Finish(double seconds);

  // Of the network's weights, which must be in place.
  absl::Status ReportHistograms(WeightHistogram::Moment moment);
  MetricsRecord Record(MetricsRecord::Split split, const SampleSums& sums) const;
  const Phase& phase() const { return job_->job().phase(state_.phase()); }
  const PreparedPhase& prepared_phase() const { return job_->phases[state_.phase()]; }
  bool PhaseIsOver() const;
  bool JobIsOver() const { return PhaseIsOver() && state_.phase() + 1 == job_->job().phase_size(); }
  // Whether the step done last is the last of an epoch, or of the phase.
  bool AtEpochEnd() const;
  // Whether the workers have agreed to stop.
  bool Stopping() const { return stop_ || (team_.workers() == 1 && options_.stop_requested()); }
  std::ostream& out() { return team_.leads() ? *options_.out : silence_; }

  const std::unique_ptr<PreparedJob> job_;
  const TrainerOptions options_;
  Activity unwatched_;
  Activity& activity_;
  std::ostream silence_;  // of the workers that do not lead
  Team team_;
  std::unique_ptr<Trace> trace_;  // null: none is kept
  std::unique_ptr<DataParallel> data_parallel_;
  const std::string job_text_;
  RunState state_;
  std::unique_ptr<OutputDirectory> output_;  // the leader's
  std::unique_ptr<Reporter> reporter_;
  StepInput input_;  // of the last step
  bool stop_ = false;
  RunStatus run_status_;
  bool unsaved_ = false;     // something happened since the last checkpoint
  int64_t saved_step_ = -1;  // of the last checkpoint; -1: none
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_TRAINER_H_

#include "trainer/trainer.h"

#include <google/protobuf/text_format.h>

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/clock.h"
#include "parallel/collectives.h"
#include "tools/chart_svg.h"
#include "tools/curves.h"
#include "trainer/divergence.h"
#include "trainer/exit_code.h"
#include "trainer/export.h"
#include "trainer/initial_weights.h"
#include "trainer/job_difference.h"
#include "trainer/make_data_parallel.h"
#include "trainer/summary.h"
#include "trainer/validation.h"

namespace espalier {
Trainer::Trainer(std::unique_ptr<PreparedJob> job, TrainerOptions options)
    : job_(std::move(job)),
      options_(std::move(options)),
      activity_(options_.activity != nullptr ? *options_.activity : unwatched_),
      silence_(nullptr),
      team_(options_.workers, options_.host, &activity_),
      trace_(options_.trace_path.empty() ? nullptr : new Trace()),
      job_text_(JobText(job_->job())),
      state_(job_.get(), job_text_) {
  data_parallel_ = MakeDataParallel(job_->job(), job_->share, job_->network.get(), options_.world, team_.communicator(),
                                    &activity_, trace_.get());
  ShardRunnerHooks hooks = ShardRunnerHooks::For(data_parallel_.get());
  hooks.transform_gradient = [this](int parameter, float* arena) { state_.transforms().OnGradient(parameter, arena); };
  job_->runner->set_hooks(std::move(hooks));
  job_->runner->set_on_batch([this] { activity_.Beat(); });
}

absl::StatusOr<TrainingResult> Trainer::Run() {
  const double begin = SteadySeconds();
  run_status_.started = StartMark();
  const absl::Status status = Train();
  TrainingResult result;
  result.stopped = !JobIsOver() || state_.proto().epoch_end_due();
  result.steps = state_.step();
  if (!status.ok()) {
    NoteStatus(RunStatus::State::kFailed, status).IgnoreError();  // the run's own error tells more
    return status;
  }
  if (team_.workers() > 1) out() << data_parallel_->Report();
  if (!result.stopped && team_.leads()) RETURN_IF_ERROR(Finish(SteadySeconds() - begin));
  RETURN_IF_ERROR(NoteStatus(result.stopped ? RunStatus::State::kStopped : RunStatus::State::kDone));
  return result;
}

absl::Status Trainer::Train() {
  RETURN_IF_ERROR(Start());
  RETURN_IF_ERROR(NoteStatus(RunStatus::State::kRunning));
  absl::Status status = RunPhases();
  if (status.ok() && unsaved_) status = SaveCheckpoint();
  reporter_->progress().Clear();
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(data_parallel_->Finish());
  if (team_.leads()) RETURN_IF_ERROR(data_parallel_->WriteReport(options_.files, options_.output_dir));
  if (trace_ == nullptr) return absl::OkStatus();
  return team_.Agree(trace_->Write(team_.communicator(), options_.files, options_.trace_path));
}

absl::Status Trainer::NoteStatus(RunStatus::State state, const absl::Status& status) {
  if (output_ == nullptr) return absl::OkStatus();  // not the leader, or the directory is another run's
  run_status_.state = state;
  run_status_.step = state_.step();
  run_status_.message = std::string(status.message());
  if (state == RunStatus::State::kStopped) run_status_.exit_code = kStoppedBySignal;
  if (state == RunStatus::State::kDone) run_status_.exit_code = kDone;
  if (state == RunStatus::State::kFailed) run_status_.exit_code = ExitCodeOf(status);
  return WriteRunStatus(options_.files, options_.output_dir, run_status_);
}

absl::Status Trainer::Start() {
  absl::StatusOr<std::optional<Checkpoint>> checkpoint = std::optional<Checkpoint>();
  if (team_.leads()) checkpoint = OpenOutput();
  RETURN_IF_ERROR(team_.Agree(checkpoint.status()));
  const Checkpoint* tensors = checkpoint->has_value() ? &**checkpoint : nullptr;
  CheckpointState saved;
  CHECK(saved.ParseFromString(team_.Share(tensors != nullptr ? tensors->state().SerializeAsString() : "")));
  RETURN_IF_ERROR(team_.Agree(saved.has_global_step() ? Resume(saved, tensors) : state_.BeginPhase(0)));
  RETURN_IF_ERROR(team_.Agree(team_.leads() ? output_->WriteJob(job_text_) : absl::OkStatus()));
  RETURN_IF_ERROR(team_.Agree(OpenReporter()));
  RETURN_IF_ERROR(ShareWeights());
  if (trace_ != nullptr) trace_->AlignClocks(team_.communicator());
  job_->train_data->Seek(static_cast<uint32_t>(state_.step() / job_->steps_per_epoch()),
                         state_.step() % job_->steps_per_epoch());
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Checkpoint>> Trainer::OpenOutput() {
  // Before --overwrite removes anything.
  if (options_.mode != StartMode::kResume) RETURN_IF_ERROR(ReadInitialWeights(options_.files, job_.get()));
  ASSIGN_OR_RETURN(output_,
                   OutputDirectory::Open(options_.files, options_.output_dir, options_.mode, job_->job().output()));
  std::optional<Checkpoint> checkpoint;
  if (options_.mode == StartMode::kResume) {
    ASSIGN_OR_RETURN(checkpoint, output_->LoadLatest());
    for (const std::string& reason : output_->checkpoints().skipped()) out() << reason << "\n";
    if (!checkpoint) {
      out() << "no checkpoint in " << options_.output_dir << ": beginning anew\n";
      RETURN_IF_ERROR(ReadInitialWeights(options_.files, job_.get()));
    }
  }
  return checkpoint;
}

absl::Status Trainer::Resume(const CheckpointState& saved, const Checkpoint* checkpoint) {
  out() << "resuming at step " << saved.global_step() << "\n";
  Job before;
  if (google::protobuf::TextFormat::ParseFromString(saved.job(), &before)) {
    constexpr size_t kMost = 20;
    const std::vector<std::string> differences = DifferencesOf(job_->job(), before);
    if (!differences.empty()) out() << "the job changed since then:\n";
    for (size_t i = 0; i < std::min(kMost, differences.size()); ++i) out() << "  " << differences[i] << "\n";
    if (differences.size() > kMost) out() << "  and " << differences.size() - kMost << " more\n";
  }
  const absl::Status status = state_.Restore(saved, checkpoint);
  if (absl::IsInvalidArgument(status)) {
    return BadInput(absl::InvalidArgumentError(absl::StrCat(
        "cannot resume: ", status.message(), "\nresume under the job that stands in ",
        JoinPath(options_.output_dir, "job.pbtxt"), ", begin anew with --overwrite, or choose another --output_dir")));
  }
  RETURN_IF_ERROR(status);
  saved_step_ = state_.step();
  if (JobIsOver() && !state_.proto().epoch_end_due()) out() << "the job is done already\n";
  return absl::OkStatus();
}

absl::Status Trainer::ChangeWeights(const std::function<absl::Status()>& change) {
  RETURN_IF_ERROR(data_parallel_->Synchronize());
  RETURN_IF_ERROR(CheckFinite());  // clusters and thresholds of what is not finite mean nothing
  RETURN_IF_ERROR(data_parallel_->Publish());
  RETURN_IF_ERROR(change());
  return ShareWeights();
}

absl::Status Trainer::ShareWeights() {
  activity_.Enter(Section::kSetup);
  for (const NamedTensor& mask : state_.transforms().State()) {
    Broadcast(team_.communicator(), mask.tensor.raw(), mask.tensor.bytes(), 0);
  }
  return data_parallel_->Load(*prepared_phase().optimizer, &state_.optimizer());
}

absl::Status Trainer::OpenReporter() {
  ReporterOptions options;
  options.silent = !team_.leads();
  options.files = options_.files;
  options.directory = options_.output_dir;
  options.tensorboard = job_->job().output().tensorboard();
  options.histograms = job_->job().output().histograms();
  options.out = &out();
  options.terminal = options_.terminal;
  options.batch_size = job_->job().data().batch_size();
  for (const PreparedPhase& phase : job_->phases) {
    options.phases.push_back({phase.name, phase.steps, job_->steps_per_epoch()});
  }
  options.step = state_.step();
  options.validation_due = state_.proto().epoch_end_due();
  ASSIGN_OR_RETURN(reporter_, Reporter::Create(std::move(options)));
  return absl::OkStatus();
}

bool Trainer::AtEpochEnd() const {
  return state_.step_in_phase() % job_->steps_per_epoch() == 0 || state_.step_in_phase() == prepared_phase().steps;
}

bool Trainer::PhaseIsOver() const {
  return state_.step_in_phase() >= prepared_phase().steps || StoppedEarly(phase(), state_.proto());
}

absl::Status Trainer::RunPhases() {
  reporter_->progress().Start(state_.phase(), state_.step_in_phase());
  while (true) {
    if (state_.step_in_phase() == 0) {
      const NetworkWeightsInPlace in_place = state_.PutNetworkWeights();
      RETURN_IF_ERROR(ReportHistograms(WeightHistogram::Moment::kBegin));
    }
    RETURN_IF_ERROR(RunPhase());
    if (Stopping() || JobIsOver()) return absl::OkStatus();
    RETURN_IF_ERROR(ChangeWeights([this] { return state_.BeginPhase(state_.phase() + 1); }));
    reporter_->progress().Start(state_.phase(), 0);
  }
}

absl::Status Trainer::RunPhase() {
  const int64_t checkpoint_steps = job_->job().output().checkpoint_steps();
  while (!Stopping()) {
    const bool epoch_end_due = state_.proto().epoch_end_due();  // after a resume
    if (!epoch_end_due) {
      if (PhaseIsOver()) return absl::OkStatus();
      RETURN_IF_ERROR(Step());
    }
    const bool epoch_ends = AtEpochEnd();
    if (epoch_ends) {
      RETURN_IF_ERROR(EndEpoch());
      if (state_.proto().epoch_end_due()) return absl::OkStatus();  // asked to stop
    }
    const bool is_best = epoch_ends && state_.proto().best().step() == state_.step();
    const bool due = checkpoint_steps > 0 ? state_.step() % checkpoint_steps == 0 : epoch_ends;
    if (due || is_best || epoch_end_due) RETURN_IF_ERROR(SaveCheckpoint());
  }
  return absl::OkStatus();
}

absl::Status Trainer::Step() {
  activity_.phase = state_.phase();
  activity_.step = state_.step() + 1;
  activity_.Enter(Section::kStep);
  const absl::StatusOr<const Batch*> next = job_->train_data->Next();
  if (!next.ok()) return BadInput(next.status());
  const Batch& batch = **next;
  const double rate = state_.schedule().Rate(state_.step_in_phase());
  input_.loss_scale = state_.loss_scaler() != nullptr ? state_.loss_scaler()->scale() : 1.0f;
  input_.scaled = state_.loss_scaler() != nullptr;
  input_.learning_rate = rate;
  input_.optimizer_step = state_.optimizer_step() + 1;
  input_.stop_requested = options_.stop_requested();
  {
    const TraceSpan span(trace_.get(), "step", "forward and backward", state_.step() + 1);
    const NetworkWeightsInPlace in_place = state_.PutNetworkWeights();
    job_->runner->Run(batch, input_.loss_scale, {job_->job().seed(), batch.epoch}, &input_);
  }
  const TraceSpan span(trace_.get(), "step", "exchange and update", state_.step() + 1);
  ASSIGN_OR_RETURN(const StepOutput output, data_parallel_->FinishStep(input_));
  return Account(output, rate);
}

absl::Status Trainer::Account(const StepOutput& output, double rate) {
  const ShardFigures& figures = output.figures;
  const double loss = figures.loss / figures.samples;
  if (!std::isfinite(loss)) return Diverged(absl::StrCat("the loss of step ", state_.step() + 1));
  state_.schedule().Observe(loss);
  bool updated = true;
  if (LossScaler* scaler = state_.loss_scaler(); scaler != nullptr) {
    updated = scaler->Update(output.finite);
    if (scaler->diverged()) {
      return Diverged(absl::StrCat("a gradient of step ", state_.step() + 1, " at the smallest loss scale"));
    }
  }
  unsaved_ = true;
  stop_ = output.stop;
  state_.CountStep(rate, updated);
  state_.since_record.Add(figures);
  state_.since_epoch.Add(figures);
  if (state_.PruningDue()) {
    RETURN_IF_ERROR(ChangeWeights([this] {
      state_.Prune();
      return absl::OkStatus();
    }));
  }
  reporter_->progress().Step({state_.phase(), state_.step_in_phase(), loss, figures.top1 / figures.samples, rate});
  if (state_.step() % job_->job().output().metrics_steps() == 0 || AtEpochEnd()) {
    RETURN_IF_ERROR(reporter_->Write(Record(MetricsRecord::Split::kTrain, state_.since_record)));
    state_.since_record = SampleSums();
  }
  return absl::OkStatus();
}

absl::Status Trainer::Diverged(absl::string_view what) {
  reporter_->progress().Clear();
  std::string where = job_->runner->LocateNonFinite();
  const bool all_are_here = !job_->share.asynchronous && team_.workers() > 1;
  if (all_are_here) {
    for (const std::string& found : AllGatherStrings(team_.communicator(), where)) {
      if (found == kNotLocated) continue;
      where = found;
      break;
    }
  }
  const std::string kept = saved_step_ >= 0 ? absl::StrCat("the checkpoint of step ", saved_step_, " is kept")
                                            : std::string("no checkpoint was saved before");
  const absl::Status status =
      absl::InternalError(absl::StrCat("the training diverged: ", what, " is not finite: ", where, "; ", kept,
                                       "; try a smaller learning rate or clip_norm"));
  return all_are_here ? Shared(status) : status;
}

absl::Status Trainer::CheckFinite() {
  if (ParametersFinite(job_->network->parameters())) return absl::OkStatus();
  return Diverged(absl::StrCat("a weight after step ", state_.step()));
}

absl::Status Trainer::EndEpoch() {
  activity_.Enter(Section::kValidation);
  const TraceSpan span(trace_.get(), "run", "end of epoch", state_.step());
  RETURN_IF_ERROR(data_parallel_->Synchronize());
  const NetworkWeightsInPlace in_place = state_.PutNetworkWeights();
  EpochReport report;
  report.phase = state_.phase();
  report.step = state_.step_in_phase();
  report.train_loss = state_.since_epoch.loss / state_.since_epoch.samples;
  report.train_top1 = state_.since_epoch.top1 / state_.since_epoch.samples;
  report.sparsity = state_.sparsity();
  const Output& output = job_->job().output();
  const int64_t epoch = (state_.step_in_phase() + job_->steps_per_epoch() - 1) / job_->steps_per_epoch();
  const bool last = state_.step_in_phase() == prepared_phase().steps;
  if (job_->validation_data && (last || epoch % output.validation_epochs() == 0)) {
    reporter_->progress().BeginValidation();
    const absl::StatusOr<std::optional<SampleSums>> sums =
        Validate(*job_->runner, *job_->validation_data, job_->job().seed(), options_.stop_requested, &team_);
    if (!sums.ok()) return BadInput(sums.status());
    state_.proto().set_epoch_end_due(!sums->has_value());
    stop_ = stop_ || !sums->has_value();
    if (state_.proto().epoch_end_due()) return absl::OkStatus();
    reporter_->progress().EndValidation();
    const MetricsRecord record = Record(MetricsRecord::Split::kValidation, **sums);
    RETURN_IF_ERROR(reporter_->Write(record));
    report.validation_loss = record.loss;
    report.validation_top1 = (*sums)->top1 / (*sums)->samples;
    report.best = NoteValidation(*report.validation_top1, phase(), state_.PruningOver(), output, &state_.proto());
  }
  using Moment = WeightHistogram::Moment;
  if (PhaseIsOver() || report.validation_loss) {
    RETURN_IF_ERROR(ReportHistograms(PhaseIsOver() ? Moment::kEnd : Moment::kValidation));
  }
  state_.proto().clear_epoch_end_due();
  state_.since_epoch = SampleSums();
  unsaved_ = true;
  reporter_->progress().EndEpoch(report);
  return absl::OkStatus();
}

absl::Status Trainer::SaveCheckpoint() {
  activity_.Enter(Section::kCheckpoint);
  const TraceSpan span(trace_.get(), "run", "checkpoint", state_.step());
  RETURN_IF_ERROR(data_parallel_->Synchronize());
  RETURN_IF_ERROR(CheckFinite());
  RETURN_IF_ERROR(data_parallel_->Publish());
  RETURN_IF_ERROR(team_.Agree(team_.leads() ? WriteCheckpoint() : absl::OkStatus()));
  saved_step_ = state_.step();
  unsaved_ = false;
  return absl::OkStatus();
}

absl::Status Trainer::WriteCheckpoint() {
  // Metrics first: a checkpoint of step N vouches for the records up to N.
  RETURN_IF_ERROR(reporter_->Sync());
  const NetworkWeightsInPlace in_place = state_.PutNetworkWeights();
  const absl::Status status = output_->checkpoints().Save(state_.ToCheckpoint());
  if (status.ok()) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(status.message(), saved_step_ < 0 ? "" : absl::StrCat("; that of step ", saved_step_, " is kept")));
}

absl::Status Trainer::ReportHistograms(WeightHistogram::Moment moment) {
  WeightHistogram when;
  when.step = state_.step();
  when.epoch = static_cast<double>(state_.step()) / static_cast<double>(job_->steps_per_epoch());
  when.phase = prepared_phase().name;
  when.moment = moment;
  return reporter_->WriteHistograms(when, job_->network->parameters());
}

MetricsRecord Trainer::Record(MetricsRecord::Split split, const SampleSums& sums) const {
  MetricsRecord record;
  record.step = state_.step();
  record.epoch = static_cast<double>(state_.step()) / static_cast<double>(job_->steps_per_epoch());
  record.phase = prepared_phase().name;
  record.split = split;
  record.loss = static_cast<float>(sums.loss / sums.samples);
  record.top1 = static_cast<float>(sums.top1 / sums.samples);
  const Graph& graph = job_->network->training().graph();
  if (graph.type(graph.output("logits")).shape[1] > 5) record.top5 = static_cast<float>(sums.top5 / sums.samples);
  record.learning_rate = static_cast<float>(state_.proto().learning_rate());
  if (const auto sparsity = state_.sparsity()) record.sparsity = static_cast<float>(*sparsity);
  const double rate = reporter_->progress().images_per_s();
  if (split == MetricsRecord::Split::kTrain && rate > 0) record.images_per_s = static_cast<float>(rate);
  return record;
}

absl::Status Trainer::Finish(double seconds) {
  FileSystem* files = options_.files;
  RunSummary summary;
  summary.job = job_->job().name();
  ASSIGN_OR_RETURN(summary.records, ReadMetrics(files, reporter_->metrics_path()));
  summary.seconds = seconds;
  if (const double rate = reporter_->progress().images_per_s(); rate > 0) summary.images_per_s = rate;
  const std::string curves = output_->PathOf("curves.svg");
  RETURN_IF_ERROR(WriteSvgCharts(files, curves, CurvesOf(summary.records)));
  const CheckpointState& state = state_.proto();
  summary.files = FilesOfRun(output_->path(), state.has_best() ? state.best().step() : state.global_step(),
                             state.global_step(), reporter_->tensorboard_path());
  const NetworkWeightsInPlace in_place = state_.PutNetworkWeights();
  ASSIGN_OR_RETURN(const ExportResult exported, ExportModel(*job_, options_.data_dir, files, options_.output_dir));
  summary.files.insert(summary.files.end(), exported.files.begin(), exported.files.end());
  out() << "\n" << SummaryText(files, summary, ChartOptionsFor(options_.terminal)) << exported.text << std::flush;
  return absl::OkStatus();
}

}  // namespace espalier

#include "trainer/trainer.h"

#include <google/protobuf/text_format.h>

#include <chrono>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/chart_svg.h"
#include "trainer/curves.h"
#include "trainer/divergence.h"
#include "trainer/exit_code.h"
#include "trainer/job_difference.h"
#include "trainer/summary.h"
#include "trainer/validation.h"

namespace espalier {
namespace {

std::string TextOf(const Job& job) {
  std::string text;
  CHECK(google::protobuf::TextFormat::PrintToString(job, &text));
  return text;
}

double Seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

Trainer::Trainer(std::unique_ptr<PreparedJob> job, TrainerOptions options)
    : job_(std::move(job)),
      options_(std::move(options)),
      job_text_(TextOf(job_->job())),
      state_(job_.get(), job_text_) {
  job_->network->training().set_on_gradient_ready(
      [this](int parameter) { state_.transforms().OnGradient(parameter, job_->network->parameters().gradients()); });
}

absl::StatusOr<TrainingResult> Trainer::Run() {
  const double begin = Seconds();
  RETURN_IF_ERROR(Start());
  absl::Status status = RunPhases();
  if (status.ok() && unsaved_) status = SaveCheckpoint();
  reporter_->progress().Clear();
  RETURN_IF_ERROR(status);
  TrainingResult result;
  result.stopped = !JobIsOver() || state_.proto().epoch_end_due();
  result.steps = state_.step();
  if (!result.stopped) RETURN_IF_ERROR(Finish(Seconds() - begin));
  return result;
}

absl::Status Trainer::Start() {
  ASSIGN_OR_RETURN(output_,
                   OutputDirectory::Open(options_.files, options_.output_dir, options_.mode, job_->job().output()));
  std::optional<Checkpoint> checkpoint;
  if (options_.mode == StartMode::kResume) {
    ASSIGN_OR_RETURN(checkpoint, output_->LoadLatest());
    for (const std::string& reason : output_->checkpoints().skipped()) *options_.out << reason << "\n";
    if (!checkpoint) *options_.out << "no checkpoint in " << options_.output_dir << ": beginning anew\n";
  }
  RETURN_IF_ERROR(checkpoint ? Resume(*checkpoint) : state_.BeginPhase(0));
  RETURN_IF_ERROR(output_->WriteJob(job_text_));
  RETURN_IF_ERROR(OpenReporter());
  job_->train_data->Seek(static_cast<uint32_t>(state_.step() / job_->steps_per_epoch()),
                         state_.step() % job_->steps_per_epoch());
  return absl::OkStatus();
}

absl::Status Trainer::Resume(const Checkpoint& checkpoint) {
  *options_.out << "resuming at step " << checkpoint.step() << "\n";
  Job before;
  if (google::protobuf::TextFormat::ParseFromString(checkpoint.state().job(), &before)) {
    constexpr size_t kMost = 20;
    const std::vector<std::string> differences = DifferencesOf(job_->job(), before);
    if (!differences.empty()) *options_.out << "the job changed since then:\n";
    for (size_t i = 0; i < std::min(kMost, differences.size()); ++i) *options_.out << "  " << differences[i] << "\n";
    if (differences.size() > kMost) *options_.out << "  and " << differences.size() - kMost << " more\n";
  }
  const absl::Status status = state_.Restore(checkpoint);
  if (absl::IsInvalidArgument(status)) {
    return BadInput(absl::InvalidArgumentError(
        absl::StrCat("cannot resume: ", status.message(), "\nresume under the job that stands in ",
                     output_->PathOf("job.pbtxt"), ", begin anew with --overwrite, or choose another --output_dir")));
  }
  RETURN_IF_ERROR(status);
  saved_step_ = state_.step();
  if (JobIsOver() && !state_.proto().epoch_end_due()) *options_.out << "the job is done already\n";
  return absl::OkStatus();
}

absl::Status Trainer::OpenReporter() {
  ReporterOptions options;
  options.files = options_.files;
  options.directory = options_.output_dir;
  options.tensorboard = job_->job().output().tensorboard();
  options.out = options_.out;
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
    RETURN_IF_ERROR(RunPhase());
    if (options_.stop_requested() || JobIsOver()) return absl::OkStatus();
    RETURN_IF_ERROR(state_.BeginPhase(state_.phase() + 1));
    reporter_->progress().Start(state_.phase(), 0);
  }
}

absl::Status Trainer::RunPhase() {
  const int64_t checkpoint_steps = job_->job().output().checkpoint_steps();
  while (!options_.stop_requested()) {
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
  const absl::StatusOr<const Batch*> next = job_->train_data->Next();
  if (!next.ok()) return BadInput(next.status());
  const Batch& batch = **next;
  Network& network = *job_->network;
  const double rate = state_.schedule().Rate(state_.step_in_phase());
  const float scale = state_.loss_scaler() != nullptr ? state_.loss_scaler()->scale() : 1.0f;
  context_ = {job_->job().seed(), batch.epoch};
  const double loss_sum = network.TrainStep(batch.images, batch.labels, batch.sample_ids,
                                            scale / static_cast<float>(batch.count), context_);
  const double loss = loss_sum / static_cast<double>(batch.count);
  if (!std::isfinite(loss)) return Diverged(absl::StrCat("the loss of step ", state_.step() + 1));
  ASSIGN_OR_RETURN(const bool updated, Update(loss, rate));
  unsaved_ = true;
  state_.CountStep(rate, updated);
  if (state_.PruningDue()) state_.Prune();
  const Network::Counts counts = network.LastCounts();
  state_.since_record.Add(loss_sum, counts);
  state_.since_epoch.Add(loss_sum, counts);
  reporter_->progress().Step({state_.phase(), state_.step_in_phase(), loss, counts.top1 / counts.samples, rate});
  if (state_.step() % job_->job().output().metrics_steps() == 0 || AtEpochEnd()) {
    RETURN_IF_ERROR(reporter_->Write(Record(MetricsRecord::Split::kTrain, state_.since_record)));
    state_.since_record = SampleSums();
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Trainer::Update(double loss, double rate) {
  ParameterStore& store = job_->network->parameters();
  ParameterOptimizer& optimizer = state_.optimizer();
  LossScaler* scaler = state_.loss_scaler();
  GradientNorm norm;
  if (scaler != nullptr || optimizer.clips()) norm = optimizer.MeasureGradients(store.gradients());
  state_.schedule().Observe(loss);
  const float scale = scaler != nullptr ? scaler->scale() : 1.0f;
  if (scaler != nullptr && !scaler->Update(norm.finite())) {
    if (scaler->diverged()) {
      return Diverged(absl::StrCat("a gradient of step ", state_.step() + 1, " at the smallest loss scale"));
    }
    return false;
  }
  optimizer.Step(store.weights(), store.gradients(),
                 {rate, optimizer.GradientScale(norm, scale), state_.optimizer_step() + 1});
  return true;
}

absl::Status Trainer::Diverged(absl::string_view what) {
  reporter_->progress().Clear();
  const std::string kept = saved_step_ >= 0 ? absl::StrCat("the checkpoint of step ", saved_step_, " is kept")
                                            : std::string("no checkpoint was saved before");
  return absl::InternalError(absl::StrCat("the training diverged: ", what,
                                          " is not finite: ", LocateNonFinite(*job_->network, context_), "; ", kept,
                                          "; try a smaller learning rate or clip_norm"));
}

absl::Status Trainer::EndEpoch() {
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
        Validate(*job_->network, *job_->validation_data, job_->job().seed(), options_.stop_requested);
    if (!sums.ok()) return BadInput(sums.status());
    state_.proto().set_epoch_end_due(!sums->has_value());
    if (state_.proto().epoch_end_due()) return absl::OkStatus();
    reporter_->progress().EndValidation();
    const MetricsRecord record = Record(MetricsRecord::Split::kValidation, **sums);
    RETURN_IF_ERROR(reporter_->Write(record));
    if (output.histograms()) RETURN_IF_ERROR(reporter_->WriteHistograms(state_.step(), job_->network->parameters()));
    report.validation_loss = record.loss;
    report.validation_top1 = (*sums)->top1 / (*sums)->samples;
    report.best = NoteValidation(*report.validation_top1, phase(), output, &state_.proto());
  }
  state_.proto().clear_epoch_end_due();
  state_.since_epoch = SampleSums();
  unsaved_ = true;
  reporter_->progress().EndEpoch(report);
  return absl::OkStatus();
}

absl::Status Trainer::SaveCheckpoint() {
  if (!ParametersFinite(job_->network->parameters()))
    return Diverged(absl::StrCat("a weight after step ", state_.step()));
  // Metrics first: a checkpoint of step N vouches for the records up to N.
  RETURN_IF_ERROR(reporter_->Sync());
  const absl::Status status = output_->checkpoints().Save(state_.ToCheckpoint());
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat(status.message(),
                                     saved_step_ < 0 ? "" : absl::StrCat("; that of step ", saved_step_, " is kept")));
  }
  saved_step_ = state_.step();
  unsaved_ = false;
  return absl::OkStatus();
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
  const auto checkpoint = [this](int64_t step) { return output_->PathOf(absl::StrCat("checkpoints/step-", step)); };
  const CheckpointState& state = state_.proto();
  if (state.has_best() && state.best().step() != state.global_step()) {
    summary.files.push_back({checkpoint(state.best().step()), "weights of the best validation"});
  }
  summary.files.push_back({checkpoint(state.global_step()), "weights at the end"});
  summary.files.push_back({reporter_->metrics_path(), "all figures, one JSON object a line"});
  summary.files.push_back({curves, "the curves"});
  if (job_->job().output().tensorboard()) {
    summary.files.push_back(
        {reporter_->tensorboard_path(), "for TensorBoard: tensorboard --logdir " + output_->path()});
  }
  summary.files.push_back({output_->PathOf("job.pbtxt"), "the job as it ran"});
  TerminalChartOptions chart;
  chart.width = options_.terminal.width();
  chart.utf8 = options_.terminal.utf8;
  chart.color = options_.terminal.color;
  *options_.out << "\n" << SummaryText(files, summary, chart) << std::flush;
  return absl::OkStatus();
}

}  // namespace espalier

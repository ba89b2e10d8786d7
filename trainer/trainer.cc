#include "trainer/trainer.h"

#include <chrono>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "trainer/signals.h"

namespace espalier {
namespace {

constexpr char kScheduleState[] = "schedule";

// Prefixes an error with where the job says what is at fault.
absl::Status At(const JobDocument& document, const std::string& path, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(document.sources.Cite(path), ": ", path, ": ", status.message()));
}

Loss LossOf(const Job& job) {
  Loss loss = job.loss();
  if (loss.kind_case() == Loss::KIND_NOT_SET) loss.mutable_cross_entropy();
  return loss;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(JobDocument document, TrainerOptions options) {
  std::unique_ptr<Trainer> trainer(new Trainer(std::move(document), std::move(options)));
  RETURN_IF_ERROR(trainer->OpenData());
  RETURN_IF_ERROR(trainer->PlanPhases());
  RETURN_IF_ERROR(trainer->BuildNetwork());
  return trainer;
}

absl::Status Trainer::OpenData() {
  const Data& data = job_.data();
  LoaderOptions options;
  options.data_dir = options_.data_dir;
  options.seed = job_.seed();
  options.batch_size = data.batch_size();
  options.threads = data.loader_threads();
  options.prefetch = data.prefetch();
  absl::StatusOr<std::unique_ptr<Loader>> train = Loader::Create(data.train(), options);
  RETURN_IF_ERROR(At(document_, "data.train", train.status()));
  train_data_ = *std::move(train);
  if (steps_per_epoch() < 1) {
    return At(document_, "data.batch_size",
              absl::InvalidArgumentError(absl::StrCat("expected at most the ", train_data_->size(),
                                                      " samples of the training data, got ", data.batch_size())));
  }
  if (!data.has_validation()) return absl::OkStatus();
  options.training = false;
  options.shuffle = false;
  options.batch_size = data.has_validation_batch_size() ? data.validation_batch_size() : data.batch_size();
  absl::StatusOr<std::unique_ptr<Loader>> validation = Loader::Create(data.validation(), options);
  RETURN_IF_ERROR(At(document_, "data.validation", validation.status()));
  validation_data_ = *std::move(validation);
  return absl::OkStatus();
}

absl::Status Trainer::PlanPhases() {
  for (int i = 0; i < job_.phase_size(); ++i) {
    const Phase& phase = job_.phase(i);
    PhasePlan plan;
    plan.steps = StepsIn(phase.epochs(), steps_per_epoch());
    plan.optimizer = phase.has_optimizer() ? &phase.optimizer() : &job_.optimizer();
    const std::string path = absl::StrCat("phase[", i, "]");
    RETURN_IF_ERROR(
        At(document_, absl::StrCat(path, ".learning_rate"),
           LearningRateSchedule::Create(phase.learning_rate(), phase.epochs(), steps_per_epoch()).status()));
    RETURN_IF_ERROR(At(document_, phase.has_optimizer() ? absl::StrCat(path, ".optimizer") : "optimizer",
                       ParameterOptimizer::Create(*plan.optimizer, ParameterLayout()).status()));
    phases_.push_back(plan);
  }
  if (job_.precision().compute() == Precision::F16) {
    absl::StatusOr<LossScaler> scaler = LossScaler::Create(job_.precision().loss_scale());
    RETURN_IF_ERROR(At(document_, "precision.loss_scale", scaler.status()));
    loss_scaler_ = *scaler;
  }
  return absl::OkStatus();
}

absl::Status Trainer::BuildNetwork() {
  const Data& data = job_.data();
  NetworkOptions options;
  options.batch_size = data.batch_size();
  options.evaluation_batch_size = data.has_validation_batch_size() ? data.validation_batch_size() : data.batch_size();
  options.seed = job_.seed();
  options.compute = job_.precision().compute();
  options.sources = &document_.sources;
  const SampleType samples = train_data_->sample_type();
  if (job_.model().input_size() == 1) {
    std::vector<int64_t> dims(job_.model().input(0).dims().begin(), job_.model().input(0).dims().end());
    const Shape input{absl::Span<const int64_t>(dims)};
    if (input != samples.image_shape) {
      return At(document_, "model.input[0].dims",
                absl::InvalidArgumentError(absl::StrCat("the model takes ", input.ToString(),
                                                        ", the training data has ", samples.image_shape.ToString())));
    }
  }
  ASSIGN_OR_RETURN(network_, Network::Create(job_.model(), LossOf(job_), options));
  const Graph& graph = network_->training().graph();
  const Shape& logits = graph.type(graph.output("logits")).shape;
  if (logits[1] < samples.classes) {
    return At(document_, "model",
              absl::InvalidArgumentError(absl::StrCat("the model has ", logits[1], " outputs, the training data has ",
                                                      samples.classes, " classes")));
  }
  return absl::OkStatus();
}

std::string Trainer::Describe() const {
  const NetworkFigures figures = network_->Figures();
  std::string text = absl::StrCat("job \"", job_.name(), "\" (", document_.path, ")\n");
  absl::StrAppend(&text, "  model       ", FormatCount(figures.parameters), " parameters, ",
                  FormatCount(figures.forward_macs), " multiply-accumulates a sample\n");
  absl::StrAppend(&text, "  data        ", FormatCount(train_data_->size()), " training samples, ",
                  validation_data_ ? FormatCount(validation_data_->size()) : "no", " for validation; batch ",
                  job_.data().batch_size(), ", ", FormatCount(steps_per_epoch()), " steps an epoch\n");
  absl::StrAppend(&text, "  precision   ", Precision::Compute_Name(job_.precision().compute()), "\n");
  absl::StrAppend(&text, "  memory      ", FormatBytes(figures.parameter_bytes), " weights and gradients, ",
                  FormatBytes(figures.workspace_bytes), " activations\n");
  for (int i = 0; i < job_.phase_size(); ++i) {
    absl::StrAppend(&text, "  phase ", i + 1, "     ", job_.phase(i).name(), ": ", job_.phase(i).epochs(), " epochs, ",
                    FormatCount(phases_[i].steps), " steps\n");
  }
  return text;
}

std::vector<NamedTensor> Trainer::WeightTensors() const {
  std::vector<NamedTensor> tensors;
  const ParameterStore& store = network_->parameters();
  for (int i = 0; i < store.layout().size(); ++i) tensors.push_back({store.layout()[i].name, store.weight(i)});
  for (const auto& [name, tensor] : store.states()) tensors.push_back({name, tensor});
  return tensors;
}

std::vector<NamedTensor> Trainer::OptimizerTensors() const {
  std::vector<NamedTensor> tensors;
  const ParameterLayout& layout = network_->parameters().layout();
  for (int slot = 0; slot < optimizer_->slot_count(); ++slot) {
    for (const Parameter& parameter : layout.parameters()) {
      tensors.push_back({absl::StrCat(optimizer_->slot_name(slot), "/", parameter.name),
                         Tensor::Borrow(DType::kF32, parameter.shape, optimizer_->slot(slot) + parameter.offset)});
    }
  }
  return tensors;
}

absl::Status Trainer::BeginPhase(int index) {
  const Phase& phase = job_.phase(index);
  const bool new_optimizer = optimizer_ == nullptr || phase.has_optimizer();
  state_.set_phase(index);
  state_.set_step_in_phase(0);
  state_.clear_early_stop();
  phase_over_ = false;
  if (new_optimizer) {
    ASSIGN_OR_RETURN(optimizer_,
                     ParameterOptimizer::Create(*phases_[index].optimizer, network_->parameters().layout()));
    state_.set_optimizer_step(0);
  }
  ASSIGN_OR_RETURN(schedule_, LearningRateSchedule::Create(phase.learning_rate(), phase.epochs(), steps_per_epoch()));
  return absl::OkStatus();
}

absl::Status Trainer::Restore(const Checkpoint& checkpoint) {
  const CheckpointState saved = checkpoint.state();
  if (saved.phase() < 0 || saved.phase() >= job_.phase_size()) {
    return absl::InvalidArgumentError(absl::StrCat("the checkpoint of step ", saved.global_step(), " is in phase ",
                                                   saved.phase() + 1, ", the job has ", job_.phase_size()));
  }
  RETURN_IF_ERROR(checkpoint.ReadWeights(WeightTensors()));
  // The slots that are saved belong to the last phase that brought its own optimizer.
  int owner = saved.phase();
  while (owner > 0 && !job_.phase(owner).has_optimizer()) --owner;
  RETURN_IF_ERROR(BeginPhase(owner));
  if (owner != saved.phase()) RETURN_IF_ERROR(BeginPhase(saved.phase()));
  RETURN_IF_ERROR(checkpoint.ReadOptimizer(OptimizerTensors()));
  state_ = saved;
  phase_over_ =
      phase().has_early_stop() && saved.early_stop().validations_without_gain() >= phase().early_stop().patience();
  if (const auto it = saved.parts().find(kScheduleState); it != saved.parts().end()) {
    RETURN_IF_ERROR(schedule_->LoadState(it->second));
  }
  if (loss_scaler_ && saved.has_loss_scale()) {
    RETURN_IF_ERROR(
        loss_scaler_->Restore({static_cast<float>(saved.loss_scale().scale()), saved.loss_scale().good_steps()}));
  }
  const auto load = [&](const std::string& prefix, Sums* sums) {
    const auto value = [&](const char* name) {
      const auto it = saved.sums().find(prefix + name);
      return it == saved.sums().end() ? 0.0 : it->second;
    };
    *sums = {value("loss"), value("samples"), value("top1"), value("top5")};
  };
  load("", &sums_);
  load("epoch_", &epoch_sums_);
  saved_step_ = saved.global_step();
  return absl::OkStatus();
}

absl::Status Trainer::Start() {
  FileSystem* files = options_.files;
  RETURN_IF_ERROR(CreateDirectories(files, options_.output_dir));
  ASSIGN_OR_RETURN(lock_, files->LockDirectory(options_.output_dir));
  checkpoints_ = std::make_unique<CheckpointStore>(files, JoinPath(options_.output_dir, "checkpoints"),
                                                   job_.output().keep_checkpoints());
  ASSIGN_OR_RETURN(const std::vector<int64_t> steps, checkpoints_->Steps());
  if (!steps.empty() && !options_.resume && !options_.overwrite) {
    return absl::FailedPreconditionError(
        absl::StrCat(options_.output_dir, " holds a run with a checkpoint of step ", steps.back(),
                     ": continue it with --resume, replace it with --overwrite, or choose another --output_dir"));
  }
  state_.set_seed(job_.seed());
  if (!steps.empty() && options_.resume) {
    ASSIGN_OR_RETURN(const Checkpoint checkpoint, checkpoints_->LoadLatest());
    RETURN_IF_ERROR(Restore(checkpoint));
    *options_.out << "resuming at step " << state_.global_step() << " of " << options_.output_dir << "\n";
  } else {
    if (!steps.empty()) RETURN_IF_ERROR(checkpoints_->Clear());
    RETURN_IF_ERROR(BeginPhase(0));
  }
  std::vector<ProgressPhase> progress;
  for (int i = 0; i < job_.phase_size(); ++i) {
    progress.push_back({job_.phase(i).name(), phases_[i].steps, steps_per_epoch()});
  }
  ASSIGN_OR_RETURN(reporter_, Reporter::Create(files, options_.out, options_.output_dir, job_.output(),
                                               job_.data().batch_size(), std::move(progress), state_.global_step()));
  train_data_->Seek(static_cast<uint32_t>(state_.global_step() / steps_per_epoch()),
                    state_.global_step() % steps_per_epoch());
  return absl::OkStatus();
}

absl::StatusOr<TrainingResult> Trainer::Run() {
  RETURN_IF_ERROR(Start());
  const auto begin = std::chrono::steady_clock::now();
  reporter_->progress().Start(state_.phase(), state_.step_in_phase());
  while (!HasStopRequest()) {
    RETURN_IF_ERROR(RunPhase());
    if (HasStopRequest() || state_.phase() + 1 == job_.phase_size()) break;
    RETURN_IF_ERROR(BeginPhase(state_.phase() + 1));
    reporter_->progress().Start(state_.phase(), 0);
  }
  TrainingResult result;
  result.stopped = HasStopRequest();
  if (state_.global_step() != saved_step_) RETURN_IF_ERROR(SaveCheckpoint());
  result.steps = state_.global_step();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.validation_top1 = last_top1_;
  if (state_.has_best()) result.best_top1 = state_.best().value();
  reporter_->progress().Clear();
  return result;
}

bool Trainer::HasStopRequest() const { return StopSignal() != 0; }

bool Trainer::EpochEnds() const {
  return state_.step_in_phase() % steps_per_epoch() == 0 || state_.step_in_phase() == phases_[state_.phase()].steps;
}

absl::Status Trainer::RunPhase() {
  const int64_t checkpoint_steps = job_.output().checkpoint_steps();
  while (!phase_over_ && state_.step_in_phase() < phases_[state_.phase()].steps && !HasStopRequest()) {
    RETURN_IF_ERROR(Step());
    const bool epoch_ends = EpochEnds();
    if (epoch_ends) RETURN_IF_ERROR(EndEpoch());
    const bool due = checkpoint_steps > 0 ? state_.global_step() % checkpoint_steps == 0 : epoch_ends;
    if (due || (epoch_ends && state_.best().step() == state_.global_step())) RETURN_IF_ERROR(SaveCheckpoint());
  }
  return absl::OkStatus();
}

absl::Status Trainer::Step() {
  ASSIGN_OR_RETURN(const Batch* batch, train_data_->Next());
  const double rate = schedule_->Rate(state_.step_in_phase());
  const float scale = loss_scaler_ ? loss_scaler_->scale() : 1.0f;
  const StepContext context{job_.seed(), batch->epoch};
  const double loss_sum = network_->TrainStep(batch->images, batch->labels, batch->sample_ids,
                                              scale / static_cast<float>(batch->count), context);
  const double loss = loss_sum / static_cast<double>(batch->count);
  if (!std::isfinite(loss)) return Diverged(context, "the loss");
  RETURN_IF_ERROR(ApplyGradients(loss, rate));
  const Network::Counts counts = network_->LastCounts();
  for (Sums* sums : {&sums_, &epoch_sums_}) {
    sums->loss += loss_sum;
    sums->samples += counts.samples;
    sums->top1 += counts.top1;
    sums->top5 += counts.top5;
  }
  last_rate_ = rate;
  state_.set_global_step(state_.global_step() + 1);
  state_.set_step_in_phase(state_.step_in_phase() + 1);
  reporter_->progress().Step({state_.phase(), state_.step_in_phase(), loss,
                              counts.samples > 0 ? std::optional<double>(counts.top1 / counts.samples) : std::nullopt,
                              rate});
  if (state_.global_step() % job_.output().metrics_steps() == 0 || EpochEnds()) {
    RETURN_IF_ERROR(reporter_->Write(Record(MetricsRecord::Split::kTrain, sums_)));
    sums_ = Sums();
  }
  return absl::OkStatus();
}

absl::Status Trainer::ApplyGradients(double loss, double rate) {
  ParameterStore& store = network_->parameters();
  GradientNorm norm;
  if (loss_scaler_ || optimizer_->clips()) norm = optimizer_->MeasureGradients(store.gradients());
  schedule_->Observe(loss);
  const float scale = loss_scaler_ ? loss_scaler_->scale() : 1.0f;
  if (loss_scaler_ && !loss_scaler_->Update(norm.finite())) {
    if (loss_scaler_->diverged()) return Diverged({job_.seed(), 0}, "the gradients at the smallest loss scale");
    return absl::OkStatus();
  }
  state_.set_optimizer_step(state_.optimizer_step() + 1);
  optimizer_->Step(store.weights(), store.gradients(),
                   {rate, optimizer_->GradientScale(norm, scale), state_.optimizer_step()});
  return absl::OkStatus();
}

absl::Status Trainer::Diverged(const StepContext& context, absl::string_view what) {
  reporter_->progress().Clear();
  const std::string kept = saved_step_ >= 0 ? absl::StrCat("the checkpoint of step ", saved_step_, " is kept")
                                            : std::string("no checkpoint was saved before");
  const ParameterStore& store = network_->parameters();
  for (int i = 0; i < store.layout().size(); ++i) {
    const Tensor weight = store.weight(i);
    for (float value : weight.span<float>()) {
      if (std::isfinite(value)) continue;
      return absl::InternalError(absl::StrCat(
          what, " is not finite at step ", state_.global_step() + 1, ": parameter \"", store.layout()[i].name,
          "\" became ", value, " in the update before; ", kept, "; try a smaller learning rate or clip_norm"));
    }
  }
  const int step = network_->training().FindNonFinite(context);
  const std::string where = step < 0 ? std::string("an input of the loss")
                                     : absl::StrCat("layer \"", network_->training().plan().steps[step].layer, "\" (",
                                                    network_->training().plan().steps[step].kind, ")");
  return absl::InternalError(absl::StrCat(what, " is not finite at step ", state_.global_step() + 1,
                                          ": it appeared in ", where, "; ", kept,
                                          "; try a smaller learning rate or clip_norm"));
}

absl::Status Trainer::CheckWeightsFinite() {
  const ParameterStore& store = network_->parameters();
  double sum = 0;  // of zeros, unless some weight is not finite
  for (int64_t i = 0; i < store.layout().arena_elements(); ++i) sum += store.weights()[i] * 0.0f;
  return sum == 0 ? absl::OkStatus() : Diverged({job_.seed(), 0}, "a weight");
}

MetricsRecord Trainer::Record(MetricsRecord::Split split, const Sums& sums) const {
  MetricsRecord record;
  record.step = state_.global_step();
  record.epoch = static_cast<double>(state_.global_step()) / static_cast<double>(steps_per_epoch());
  record.phase = phase().name();
  record.split = split;
  record.loss = static_cast<float>(sums.loss / sums.samples);
  record.top1 = static_cast<float>(sums.top1 / sums.samples);
  const Graph& graph = network_->training().graph();
  if (graph.type(graph.output("logits")).shape[1] > 5) record.top5 = static_cast<float>(sums.top5 / sums.samples);
  record.learning_rate = static_cast<float>(last_rate_);
  const double rate = reporter_->progress().images_per_s();
  if (split == MetricsRecord::Split::kTrain && rate > 0) record.images_per_s = static_cast<float>(rate);
  return record;
}

absl::Status Trainer::Validate(Sums* sums) {
  *sums = Sums();
  reporter_->progress().BeginValidation();
  validation_data_->Seek(0, 0);
  for (int64_t i = 0; i < validation_data_->batches_per_epoch(); ++i) {
    ASSIGN_OR_RETURN(const Batch* batch, validation_data_->Next());
    sums->loss += network_->Evaluate(batch->images, batch->labels, {job_.seed(), 0});
    const Network::Counts counts = network_->LastCounts();
    sums->samples += counts.samples;
    sums->top1 += counts.top1;
    sums->top5 += counts.top5;
  }
  reporter_->progress().EndValidation();
  return absl::OkStatus();
}

absl::Status Trainer::EndEpoch() {
  EpochReport report;
  report.phase = state_.phase();
  report.step = state_.step_in_phase();
  report.train_loss = epoch_sums_.loss / epoch_sums_.samples;
  report.train_top1 = epoch_sums_.top1 / epoch_sums_.samples;
  epoch_sums_ = Sums();
  const int64_t epoch = (state_.step_in_phase() + steps_per_epoch() - 1) / steps_per_epoch();
  const bool last = state_.step_in_phase() == phases_[state_.phase()].steps;
  if (validation_data_ && (last || epoch % job_.output().validation_epochs() == 0)) {
    Sums sums;
    RETURN_IF_ERROR(Validate(&sums));
    const MetricsRecord record = Record(MetricsRecord::Split::kValidation, sums);
    RETURN_IF_ERROR(reporter_->Write(record));
    if (job_.output().histograms()) {
      RETURN_IF_ERROR(reporter_->WriteHistograms(state_.global_step(), network_->parameters()));
    }
    const double top1 = sums.top1 / sums.samples;
    last_top1_ = top1;
    report.validation_loss = sums.loss / sums.samples;
    report.validation_top1 = top1;
    report.best = !state_.has_best() || top1 > state_.best().value();
    if (report.best && job_.output().keep_best()) {
      state_.mutable_best()->set_step(state_.global_step());
      state_.mutable_best()->set_value(top1);
    }
    if (phase().has_early_stop()) {
      EarlyStopState* early = state_.mutable_early_stop();
      if (!early->has_best_value() || top1 > early->best_value() + phase().early_stop().minimum_gain()) {
        early->set_best_value(top1);
        early->set_validations_without_gain(0);
      } else {
        early->set_validations_without_gain(early->validations_without_gain() + 1);
      }
      phase_over_ = early->validations_without_gain() >= phase().early_stop().patience();
    }
  }
  reporter_->progress().EndEpoch(report);
  return absl::OkStatus();
}

absl::Status Trainer::SaveCheckpoint() {
  RETURN_IF_ERROR(CheckWeightsFinite());
  TrainingState training;
  if (loss_scaler_) {
    state_.mutable_loss_scale()->set_scale(loss_scaler_->state().scale);
    state_.mutable_loss_scale()->set_good_steps(loss_scaler_->state().good_steps);
  }
  (*state_.mutable_parts())[kScheduleState] = schedule_->SaveState();
  state_.set_epoch(static_cast<int32_t>(state_.global_step() / steps_per_epoch()));
  state_.set_step_in_epoch(state_.global_step() % steps_per_epoch());
  const auto store = [this](const std::string& prefix, const Sums& sums) {
    auto& map = *state_.mutable_sums();
    map[prefix + "loss"] = sums.loss;
    map[prefix + "samples"] = sums.samples;
    map[prefix + "top1"] = sums.top1;
    map[prefix + "top5"] = sums.top5;
  };
  store("", sums_);
  store("epoch_", epoch_sums_);
  training.state = state_;
  training.weights = WeightTensors();
  training.optimizer = OptimizerTensors();
  // Metrics first: a checkpoint of step N vouches for the records up to N.
  RETURN_IF_ERROR(reporter_->Sync());
  RETURN_IF_ERROR(checkpoints_->Save(training));
  saved_step_ = state_.global_step();
  return absl::OkStatus();
}

}  // namespace espalier

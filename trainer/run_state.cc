#include "trainer/run_state.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "compression/prune.h"
#include "compression/round_weights.h"
#include "compression/share_weights.h"

namespace espalier {
namespace {

constexpr char kScheduleState[] = "schedule";

void SaveSums(const std::string& prefix, const SampleSums& sums, CheckpointState* state) {
  auto& map = *state->mutable_sums();
  map[prefix + "loss"] = sums.loss;
  map[prefix + "samples"] = sums.samples;
  map[prefix + "top1"] = sums.top1;
  map[prefix + "top5"] = sums.top5;
}

SampleSums LoadSums(const std::string& prefix, const CheckpointState& state) {
  const auto value = [&](const char* name) {
    const auto it = state.sums().find(prefix + name);
    return it == state.sums().end() ? 0.0 : it->second;
  };
  return {value("loss"), value("samples"), value("top1"), value("top5")};
}

}  // namespace

RunState::RunState(PreparedJob* job, std::string job_text)
    : job_(job), job_text_(std::move(job_text)), transforms_(job->network->parameters().layout()) {
  proto_.set_seed(job->job().seed());
  if (job->job().precision().compute() == Precision::F16) {
    loss_scaler_ = LossScaler::Create(job->job().precision().loss_scale()).value();  // proven by PrepareJob
  }
}

absl::Status RunState::BeginPhase(int index) {
  RETURN_IF_ERROR(EnterPhase(index));
  const PreparedPhase& phase = job_->phases[index];
  float* const weights = job_->network->parameters().weights();
  BeginPruning(phase.pruning, layout(), weights, optimizer_.get(), &transforms_);
  BeginSharing(phase.sharing, phase.pruning.restores_dense, layout(), weights, optimizer_.get(), &transforms_);
  BeginFixedPoint(phase.fixed_point, phase.pruning.restores_dense, layout(), weights, &transforms_);
  return absl::OkStatus();
}

absl::Status RunState::EnterPhase(int index) {
  const PreparedPhase& prepared = job_->phases[index];
  const Phase& phase = job_->job().phase(index);
  proto_.set_phase(index);
  proto_.set_step_in_phase(0);
  proto_.clear_early_stop();
  if (optimizer_ == nullptr || prepared.optimizer_owner == index) {
    ASSIGN_OR_RETURN(optimizer_, ParameterOptimizer::Create(*prepared.optimizer, layout()));
    proto_.set_optimizer_step(0);
  }
  ASSIGN_OR_RETURN(schedule_,
                   LearningRateSchedule::Create(phase.learning_rate(), phase.epochs(), job_->steps_per_epoch()));
  return absl::OkStatus();
}

bool RunState::PruningDue() const {
  const PhasePruning& pruning = job_->phases[phase()].pruning;
  return pruning.plan && step_in_phase() > 0 && pruning.plan->DueAt(step_in_phase());
}

bool RunState::PruningOver() const {
  const PhasePruning& pruning = job_->phases[phase()].pruning;
  return !pruning.plan || step_in_phase() >= pruning.plan->ramp_steps;
}

void RunState::Prune() {
  PruneWeights(*job_->phases[phase()].pruning.plan, step_in_phase(), layout(), job_->network->parameters().weights(),
               optimizer_.get(), &transforms_);
}

std::optional<double> RunState::sparsity() const { return MaskedShare(layout(), transforms_); }

void RunState::CountStep(double learning_rate, bool updated) {
  proto_.set_global_step(proto_.global_step() + 1);
  proto_.set_step_in_phase(proto_.step_in_phase() + 1);
  proto_.set_learning_rate(learning_rate);
  if (updated) proto_.set_optimizer_step(proto_.optimizer_step() + 1);
}

std::vector<NamedTensor> RunState::WeightTensors() const {
  std::vector<NamedTensor> tensors;
  const ParameterStore& store = job_->network->parameters();
  for (int i = 0; i < store.layout().size(); ++i) tensors.push_back({store.layout()[i].name, store.weight(i)});
  for (const auto& [name, tensor] : store.states()) tensors.push_back({name, tensor});
  return tensors;
}

std::vector<NamedTensor> RunState::OptimizerTensors() const {
  std::vector<NamedTensor> tensors;
  for (int slot = 0; slot < optimizer_->slot_count(); ++slot) {
    for (const Parameter& parameter : job_->network->parameters().layout().parameters()) {
      tensors.push_back({absl::StrCat(optimizer_->slot_name(slot), "/", parameter.name),
                         Tensor::Borrow(DType::kF32, parameter.shape, optimizer_->slot(slot) + parameter.offset)});
    }
  }
  return tensors;
}

TrainingState RunState::ToCheckpoint() {
  if (loss_scaler_) {
    proto_.mutable_loss_scale()->set_scale(loss_scaler_->state().scale);
    proto_.mutable_loss_scale()->set_good_steps(loss_scaler_->state().good_steps);
  }
  (*proto_.mutable_parts())[kScheduleState] = schedule_->SaveState();
  proto_.set_epoch(static_cast<int32_t>(step() / job_->steps_per_epoch()));
  proto_.set_step_in_epoch(step() % job_->steps_per_epoch());
  proto_.set_steps_per_epoch(job_->steps_per_epoch());
  proto_.set_job(job_text_);
  SaveSums("", since_record, &proto_);
  SaveSums("epoch_", since_epoch, &proto_);
  transforms_.CheckNetworkWeights(job_->network->parameters().weights());
  return {proto_, WeightTensors(), OptimizerTensors(), transforms_.State()};
}

absl::Status RunState::CheckPosition(const CheckpointState& saved) const {
  const auto error = [&saved](auto... text) {
    return absl::InvalidArgumentError(absl::StrCat("the checkpoint of step ", saved.global_step(), text...));
  };
  const int phases = job_->job().phase_size();
  if (saved.phase() < 0 || saved.phase() >= phases) {
    return error(" is in phase ", saved.phase() + 1, ", of which the job has ", phases);
  }
  if (saved.steps_per_epoch() != job_->steps_per_epoch()) {
    return error(" is of a run with ", saved.steps_per_epoch(), " steps an epoch, the job has ",
                 job_->steps_per_epoch(), ": the batch size or the training data changed");
  }
  if (saved.step_in_phase() < 0 || saved.step_in_phase() > saved.global_step()) return error(" has no valid position");
  return absl::OkStatus();
}

absl::Status RunState::Restore(const CheckpointState& saved, const Checkpoint* tensors) {
  RETURN_IF_ERROR(CheckPosition(saved));
  if (tensors != nullptr) RETURN_IF_ERROR(tensors->ReadWeights(WeightTensors()));
  // The saved slots belong to the phase that brought the optimizer.
  const int owner = job_->phases[saved.phase()].optimizer_owner;
  RETURN_IF_ERROR(EnterPhase(owner));
  if (owner != saved.phase()) RETURN_IF_ERROR(EnterPhase(saved.phase()));
  if (tensors != nullptr) RETURN_IF_ERROR(tensors->ReadOptimizer(OptimizerTensors()));
  AddMasks(job_->phases[saved.phase()].pruning.masked, layout(), &transforms_);
  AddCodebooks(job_->phases[saved.phase()].sharing.shared, layout(), &transforms_);
  AddFixedPoint(job_->phases[saved.phase()].fixed_point, layout(), &transforms_);
  if (tensors != nullptr) {
    RETURN_IF_ERROR(tensors->ReadTransforms(transforms_.State()));
    transforms_.PutTrainedWeights(job_->network->parameters().weights());
  }
  proto_ = saved;
  proto_.clear_file();
  if (const auto it = saved.parts().find(kScheduleState); it != saved.parts().end()) {
    RETURN_IF_ERROR(schedule_->LoadState(it->second));
  }
  if (loss_scaler_ && saved.has_loss_scale()) {
    const LossScaleState& scale = saved.loss_scale();
    RETURN_IF_ERROR(loss_scaler_->Restore({static_cast<float>(scale.scale()), scale.good_steps()}));
  }
  since_record = LoadSums("", saved);
  since_epoch = LoadSums("epoch_", saved);
  return absl::OkStatus();
}

}  // namespace espalier

#include "core/executor.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace espalier {

namespace {

// Elements of a state in the exchange arena: the next begins on an aligned address.
int64_t ExchangeElements(const Tensor& state) {
  constexpr int64_t kGranule = kAlignment / sizeof(float);
  return (state.elements() + kGranule - 1) / kGranule * kGranule;
}

}  // namespace

ParameterStore::ParameterStore(const Graph& graph)
    : layout_(graph.parameters()), weights_(DType::kF32, {layout_.arena_elements()}) {
  for (const State& state : graph.states()) {
    Tensor tensor(DType::kF32, graph.type(state.value).shape);
    std::fill_n(tensor.data<float>(), tensor.elements(), state.initial);
    states_[state.name] = tensor;
  }
}

ParameterStore::ParameterStore(const Graph& graph, uint64_t seed) : ParameterStore(graph) {
  InitializeParameters(layout_, seed, weights());
  int64_t exchange_elements = layout_.arena_elements();
  for (const auto& [name, tensor] : states_) exchange_elements += ExchangeElements(tensor);
  gradients_ = Tensor(DType::kF32, {exchange_elements});
}

std::shared_ptr<ParameterStore> ParameterStore::ShareWeights() const {
  std::shared_ptr<ParameterStore> store(new ParameterStore());
  store->layout_ = layout_;
  store->weights_ = weights_;
  store->gradients_ = Tensor(DType::kF32, gradients_.shape());
  for (const auto& [name, tensor] : states_) store->states_[name] = tensor.Copy();
  return store;
}

void ParameterStore::PackStates(float scale) {
  float* to = gradients() + layout_.arena_elements();
  for (const auto& [name, tensor] : states_) {
    std::transform(tensor.data<float>(), tensor.data<float>() + tensor.elements(), to,
                   [scale](float value) { return scale * value; });
    to += ExchangeElements(tensor);
  }
}

void ParameterStore::UnpackStates() {
  const float* from = gradients() + layout_.arena_elements();
  for (const auto& [name, tensor] : states_) {
    std::copy_n(from, tensor.elements(), tensor.data<float>());
    from += ExchangeElements(tensor);
  }
}

Tensor ParameterStore::View(const Tensor& arena, int parameter) const {
  const Parameter& entry = layout_[parameter];
  return arena.Slice(entry.offset, entry.elements()).Reshaped(entry.shape);
}

void Workspace::Reserve(size_t arena_bytes, size_t scratch_bytes) {
  // Not zeroed here: the first step's writes place the pages.
  if (arena_bytes > arena_bytes_) {
    arena_ = AllocateUninitialized(arena_bytes);
    arena_bytes_ = arena_bytes;
  }
  if (scratch_bytes > scratch_bytes_) {
    scratch_ = AllocateUninitialized(scratch_bytes);
    scratch_bytes_ = scratch_bytes;
  }
}

absl::StatusOr<std::unique_ptr<Executor>> Executor::Create(Graph graph, const PlanOptions& options,
                                                           std::shared_ptr<ParameterStore> store,
                                                           std::shared_ptr<Workspace> workspace) {
  std::unique_ptr<Executor> executor(new Executor(std::move(graph), std::move(store), std::move(workspace)));
  const Graph& own = executor->graph_;
  CHECK_EQ(own.parameters().arena_elements(), executor->store_->layout().arena_elements());
  ASSIGN_OR_RETURN(executor->plan_, Plan::Create(own, options));
  const Plan& plan = executor->plan_;
  executor->workspace_->Reserve(plan.arena_bytes, plan.scratch_bytes);
  executor->fixed_addresses_.assign(plan.buffers.size(), nullptr);
  executor->input_tensors_.resize(plan.buffers.size());
  executor->steps_of_buffer_.resize(plan.buffers.size());
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    const PlanBuffer& buffer = plan.buffers[i];
    if (buffer.place != Place::kState) continue;
    const auto it = executor->store_->states().find(own.value(buffer.value).name);
    CHECK(it != executor->store_->states().end()) << "no state " << own.value(buffer.value).name;
    executor->fixed_addresses_[i] = it->second.raw();
  }
  for (int index = 0; index < static_cast<int>(plan.steps.size()); ++index) {
    for (const std::vector<int>* side : {&plan.steps[index].inputs, &plan.steps[index].outputs}) {
      for (int buffer : *side) {
        if (plan.buffers[buffer].place == Place::kInput) executor->steps_of_buffer_[buffer].push_back(index);
      }
    }
  }
  return executor;
}

void* Executor::Address(int index) const {
  const PlanBuffer& buffer = plan_.buffers[index];
  switch (buffer.place) {
    case Place::kArena:
      return workspace_->arena() + buffer.offset;
    case Place::kWeights:
      return reinterpret_cast<std::byte*>(store_->weights()) + buffer.offset;
    case Place::kGradients:
      return reinterpret_cast<std::byte*>(store_->gradients()) + buffer.offset;
    case Place::kInput:
    case Place::kState:
      return fixed_addresses_[index];
  }
  return nullptr;
}

void Executor::BindStep(PlanStep* step) {
  // One argument list, reused: binding an input again in the middle of training must not allocate.
  arguments_.inputs.clear();
  arguments_.outputs.clear();
  for (int buffer : step->inputs) arguments_.inputs.push_back(Address(buffer));
  for (int buffer : step->outputs) arguments_.outputs.push_back(Address(buffer));
  arguments_.scratch = workspace_->scratch();
  step->kernel->Bind(arguments_);
}

void Executor::EnsureBound() {
  if (!bound_) {
    for (size_t i = 0; i < plan_.buffers.size(); ++i) {
      const bool missing = plan_.buffers[i].place == Place::kInput && fixed_addresses_[i] == nullptr;
      CHECK(!missing || steps_of_buffer_[i].empty())
          << "input " << graph_.value(plan_.buffers[i].value).name << " is not set";
    }
    for (PlanStep& step : plan_.steps) BindStep(&step);
    bound_ = true;
    bound_arena_ = workspace_->arena();
  }
  CHECK(bound_arena_ == workspace_->arena()) << "the workspace grew after the first run";
}

void Executor::SetInput(absl::string_view name, const Tensor& tensor) {
  const ValueId id = graph_.input(name);
  if (id == kNoValue) return;
  const TensorType& type = graph_.type(id);
  CHECK(tensor.dtype() == type.dtype && tensor.shape() == type.shape)
      << "input " << name << ": expected " << type.ToString() << ", got " << Name(tensor.dtype()) << tensor.shape();
  for (size_t i = 0; i < plan_.buffers.size(); ++i) {
    const PlanBuffer& buffer = plan_.buffers[i];
    if (buffer.place != Place::kInput || buffer.value != id) continue;
    input_tensors_[i] = tensor;
    if (fixed_addresses_[i] == tensor.raw()) return;
    fixed_addresses_[i] = tensor.raw();
    if (bound_) {
      for (int step : steps_of_buffer_[i]) BindStep(&plan_.steps[step]);
    }
    return;
  }
}

void Executor::AfterStep(const PlanStep& step) const {
  if (on_gradient_ready_) {
    for (int parameter : step.gradients_ready) on_gradient_ready_(parameter);
  }
  if (on_step_) on_step_();
}

void Executor::Run(const StepContext& context) {
  EnsureBound();
  if (step_seconds_ == nullptr) {
    for (PlanStep& step : plan_.steps) {
      step.kernel->Run(context);
      AfterStep(step);
    }
    return;
  }
  using Clock = std::chrono::steady_clock;
  CHECK_EQ(step_seconds_->size(), plan_.steps.size());
  Clock::time_point start = Clock::now();
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    plan_.steps[i].kernel->Run(context);
    const Clock::time_point end = Clock::now();
    (*step_seconds_)[i] += std::chrono::duration<double>(end - start).count();
    AfterStep(plan_.steps[i]);
    start = Clock::now();
  }
}

Tensor Executor::Output(absl::string_view name) const {
  for (size_t i = 0; i < graph_.outputs().size(); ++i) {
    const auto& [output_name, id] = graph_.outputs()[i];
    if (output_name != name) continue;
    return Tensor::Borrow(graph_.type(id).dtype, graph_.type(id).shape, Address(plan_.output_buffers[i]));
  }
  LOG(FATAL) << "no output " << name;
  return Tensor();
}

bool Executor::OutputsFinite(const PlanStep& step) const {
  if (step.node < 0) return true;
  const Node& node = graph_.node(step.node);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const DType dtype = graph_.type(node.outputs[i]).dtype;
    if (!IsFloat(dtype)) continue;
    const void* address = Address(step.outputs[i]);
    const size_t count = plan_.buffers[step.outputs[i]].bytes / SizeOf(dtype);  // padding included: it is zero
    for (size_t k = 0; k < count; ++k) {
      float value = 0;
      if (dtype == DType::kF32) value = static_cast<const float*>(address)[k];
      if (dtype == DType::kBF16) value = ToFloat(static_cast<const BFloat16*>(address)[k]);
      if (dtype == DType::kF16) value = ToFloat(static_cast<const Float16*>(address)[k]);
      if (!std::isfinite(value)) return false;
    }
  }
  return true;
}

int Executor::FindNonFinite(const StepContext& context) {
  EnsureBound();
  std::map<std::string, Tensor> saved;
  for (const auto& [name, tensor] : store_->states()) saved[name] = tensor.Copy();
  int found = -1;
  for (size_t i = 0; i < plan_.steps.size() && found < 0; ++i) {
    plan_.steps[i].kernel->Run(context);
    if (!OutputsFinite(plan_.steps[i])) found = static_cast<int>(i);
  }
  for (const auto& [name, tensor] : store_->states()) {
    std::copy_n(saved[name].data<float>(), tensor.elements(), tensor.data<float>());
  }
  return found;
}

}  // namespace espalier

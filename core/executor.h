// Runs a plan: no allocation and no decision in the loop over its steps.
#ifndef ESPALIER_CORE_EXECUTOR_H_
#define ESPALIER_CORE_EXECUTOR_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/graph.h"
#include "core/plan.h"

namespace espalier {

// The memory that outlives a step: weights, gradients and states. Shared by the executors of one network (training and
// evaluation), whose graphs must have the same parameters.
class ParameterStore {
 public:
  // Weights get their initial values, states theirs, gradients zero.
  ParameterStore(const Graph& graph, uint64_t seed);
  // For weights that come from elsewhere and do not train: zeros, and no room for gradients. States get their initial
  // values.
  explicit ParameterStore(const Graph& graph);

  // A store with the same weights, in the same memory, and gradients and states of its own: the states' values as they
  // are now.
  std::shared_ptr<ParameterStore> ShareWeights() const;

  const ParameterLayout& layout() const { return layout_; }
  float* weights() const { return weights_.data<float>(); }
  // layout().arena_elements() floats of gradients, and behind them room for the states: together the exchange arena,
  // which is all that ranks tell each other of a step.
  float* gradients() const { return gradients_.data<float>(); }
  int64_t exchange_elements() const { return gradients_.elements(); }
  // Writes the states, times `scale`, into the exchange arena behind the gradients; and takes them from there.
  void PackStates(float scale);
  void UnpackStates();
  // A parameter's part of the weight arena.
  Tensor weight(int parameter) const { return View(weights_, parameter); }
  Tensor gradient(int parameter) const { return View(gradients_, parameter); }
  // By name; a state that some graph has not is simply never read.
  const std::map<std::string, Tensor>& states() const { return states_; }

 private:
  ParameterStore() = default;
  Tensor View(const Tensor& arena, int parameter) const;

  ParameterLayout layout_;
  Tensor weights_;
  Tensor gradients_;  // the exchange arena
  std::map<std::string, Tensor> states_;
};

// The memory of one step: activations and scratch. Executors that never run at the same time share one.
class Workspace {
 public:
  // Grows to hold `arena_bytes` and `scratch_bytes`. Executors bind to it at their first run: reserve for all before.
  void Reserve(size_t arena_bytes, size_t scratch_bytes);
  std::byte* arena() const { return arena_.get(); }
  std::byte* scratch() const { return scratch_.get(); }
  size_t bytes() const { return arena_bytes_ + scratch_bytes_; }

 private:
  size_t arena_bytes_ = 0, scratch_bytes_ = 0;
  std::shared_ptr<std::byte> arena_, scratch_;
};

class Executor {
 public:
  // Takes the graph, plans it, and reserves its part of `workspace`.
  static absl::StatusOr<std::unique_ptr<Executor>> Create(Graph graph, const PlanOptions& options,
                                                          std::shared_ptr<ParameterStore> store,
                                                          std::shared_ptr<Workspace> workspace);

  const Graph& graph() const { return graph_; }
  const Plan& plan() const { return plan_; }

  // Binds a graph input to the tensor's memory until the next call; type and shape must be the input's. An input that
  // the graph has not is ignored (an evaluation graph needs no sample ids).
  void SetInput(absl::string_view name, const Tensor& tensor);
  void Run(const StepContext& context);
  // The memory of a graph output: valid after Run, until the workspace's next use.
  Tensor Output(absl::string_view name) const;

  // Called within Run, as soon as a parameter's gradient is final.
  void set_on_gradient_ready(std::function<void(int parameter)> callback) { on_gradient_ready_ = std::move(callback); }
  // Called within Run after each of the plan's steps.
  void set_on_step(std::function<void()> callback) { on_step_ = std::move(callback); }

  // With a sink of plan().steps.size() entries, Run adds each step's seconds to it; null turns that off.
  void set_step_seconds(std::vector<double>* seconds) { step_seconds_ = seconds; }

  // The first step (in order of execution) one of whose float outputs is not finite, by running the plan again on the
  // bound inputs; -1 when all are finite. States are left as they were.
  int FindNonFinite(const StepContext& context);

 private:
  Executor(Graph graph, std::shared_ptr<ParameterStore> store, std::shared_ptr<Workspace> workspace)
      : graph_(std::move(graph)), store_(std::move(store)), workspace_(std::move(workspace)) {}

  void* Address(int index) const;
  void BindStep(PlanStep* step);
  // Gives every kernel its addresses, before the first run.
  void EnsureBound();
  void AfterStep(const PlanStep& step) const;
  bool OutputsFinite(const PlanStep& step) const;

  Graph graph_;
  Plan plan_;
  std::shared_ptr<ParameterStore> store_;
  std::shared_ptr<Workspace> workspace_;
  KernelArguments arguments_;
  bool bound_ = false;
  const std::byte* bound_arena_ = nullptr;
  std::vector<void*> fixed_addresses_;             // by buffer, for inputs and states
  std::vector<Tensor> input_tensors_;              // keeps the bound inputs' storage, by buffer
  std::vector<std::vector<int>> steps_of_buffer_;  // for inputs: the steps to bind again
  std::function<void(int)> on_gradient_ready_;
  std::function<void()> on_step_;
  std::vector<double>* step_seconds_ = nullptr;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_EXECUTOR_H_

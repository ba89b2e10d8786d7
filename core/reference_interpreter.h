// Runs a graph node by node with the reference kernels: the plain slow twin of the executor.
#ifndef ESPALIER_CORE_REFERENCE_INTERPRETER_H_
#define ESPALIER_CORE_REFERENCE_INTERPRETER_H_

#include <vector>

#include "core/graph.h"

namespace espalier {

class ReferenceInterpreter {
 public:
  // Allocates every value. Parameters and states hold their initial values, inputs zeros. `graph` must outlive this.
  ReferenceInterpreter(const Graph& graph, uint64_t seed);

  // The memory of a value: inputs, parameters and states can be written before Run, all read after it.
  const Tensor& value(ValueId id) const { return values_[id]; }
  // Copies `tensor`, which must have the value's type.
  void Set(ValueId id, const Tensor& tensor);
  // The memory of a graph output.
  const Tensor& Output(absl::string_view name) const;

  // Runs all nodes in order, then moves each updated state to its new value.
  void Run(const StepContext& step);

 private:
  const Graph& graph_;
  std::vector<Tensor> values_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_REFERENCE_INTERPRETER_H_

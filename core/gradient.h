// What an operator's gradient rule sees: it emits the operators that compute its inputs' gradients.
#ifndef ESPALIER_CORE_GRADIENT_H_
#define ESPALIER_CORE_GRADIENT_H_

#include <vector>

#include "core/graph.h"

namespace espalier {

// What a gradient rule sees of the node it differentiates.
class GradientContext {
 public:
  ValueId input(int index) const { return node_.inputs[index]; }
  ValueId output(int index = 0) const { return node_.outputs[index]; }
  int input_count() const { return static_cast<int>(node_.inputs.size()); }
  const TensorType& type(ValueId id) const { return graph_->type(id); }

  // The gradient of the loss with respect to an output; kNoValue when the loss does not depend on it.
  ValueId output_gradient(int index = 0) const { return output_gradients_[index]; }
  // Whether input `index` leads to a parameter (or to another value asked for): others need no gradient.
  bool Wants(int index) const { return wanted_[index]; }
  void SetInputGradient(int index, ValueId gradient) { input_gradients_[index] = gradient; }

  // Appends an operator of the backward pass. Its shape rule must hold: a failure is a bug of the rule.
  std::vector<ValueId> Emit(OperatorPtr op, std::vector<ValueId> inputs);
  ValueId Emit1(OperatorPtr op, std::vector<ValueId> inputs);

 private:
  friend absl::StatusOr<std::vector<ValueId>> AppendGradients(Graph*, ValueId, ValueId, const std::vector<ValueId>&);
  GradientContext(Graph* graph, const Node& node) : graph_(graph), node_(node) {}

  Graph* graph_;
  Node node_;  // a copy: emitting nodes moves the graph's own
  std::vector<ValueId> output_gradients_;
  std::vector<bool> wanted_;
  std::vector<ValueId> input_gradients_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_GRADIENT_H_

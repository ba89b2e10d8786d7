// The graph: values in single assignment, and the nodes that compute them. Nodes are appended in an order in which
// every input exists before it is used, so the node list is always a valid order of execution.
#ifndef ESPALIER_CORE_GRAPH_H_
#define ESPALIER_CORE_GRAPH_H_

#include <string>
#include <vector>

#include "core/operator.h"
#include "core/parameters.h"

namespace espalier {

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;

enum class ValueKind {
  kInput,      // bound to the caller's memory at each step
  kParameter,  // in the weight arena
  kState,      // kept between steps and not trained: running statistics
  kComputed,
};

struct Value {
  std::string name;
  TensorType type;
  ValueKind kind = ValueKind::kComputed;
  int producer = -1;   // node, for kComputed
  int parameter = -1;  // index in parameters(), for kParameter
};

struct Node {
  OperatorPtr op;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::string layer;      // the layer that emitted it, for reports and errors
  bool backward = false;  // emitted by a gradient rule
};

// A tensor kept between steps. When `update` is set, the step ends with its value in `value`'s memory.
struct State {
  ValueId value = kNoValue;
  std::string name;
  float initial = 0;
  ValueId update = kNoValue;
};

class Graph {
 public:
  ValueId AddInput(std::string name, TensorType type);
  // Adds an f32 parameter; its place in the arenas follows from the order of these calls.
  ValueId AddParameter(Parameter parameter);
  ValueId AddState(std::string name, Shape shape, float initial);
  void SetStateUpdate(ValueId state, ValueId update);

  // Appends a node. Fails when the operator's shape rule does; the error names the layer.
  absl::StatusOr<std::vector<ValueId>> Add(OperatorPtr op, std::vector<ValueId> inputs);
  // The same for an operator with one output.
  absl::StatusOr<ValueId> Add1(OperatorPtr op, std::vector<ValueId> inputs);

  // The layer name given to nodes added from now on, and whether they belong to the backward pass.
  void SetLayer(std::string layer) { layer_ = std::move(layer); }
  void SetBackward(bool backward) { backward_ = backward; }

  void SetOutput(std::string name, ValueId value);
  // kNoValue when there is no such output.
  ValueId output(absl::string_view name) const;
  ValueId input(absl::string_view name) const;

  const std::vector<Value>& values() const { return values_; }
  const Value& value(ValueId id) const { return values_[id]; }
  const TensorType& type(ValueId id) const { return values_[id].type; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const Node& node(int index) const { return nodes_[index]; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const ParameterLayout& parameters() const { return parameters_; }
  // The value of each parameter, by its index.
  const std::vector<ValueId>& parameter_values() const { return parameter_values_; }
  // The gradient of each parameter, by its index; empty before AppendGradients, kNoValue for an unused parameter.
  const std::vector<ValueId>& gradients() const { return gradients_; }
  void set_gradients(std::vector<ValueId> gradients) { gradients_ = std::move(gradients); }
  const std::vector<State>& states() const { return states_; }
  const std::vector<std::pair<std::string, ValueId>>& outputs() const { return outputs_; }

  // For each value, the nodes that read it.
  std::vector<std::vector<int>> Consumers() const;
  std::vector<TensorType> InputTypes(const Node& node) const;
  std::vector<TensorType> OutputTypes(const Node& node) const;

  // One line per node: layer, operator, attributes, inputs -> outputs with types.
  std::string ToString() const;

 private:
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<ValueId> inputs_;
  ParameterLayout parameters_;
  std::vector<ValueId> parameter_values_;
  std::vector<ValueId> gradients_;
  std::vector<State> states_;
  std::vector<std::pair<std::string, ValueId>> outputs_;
  std::string layer_;
  bool backward_ = false;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_GRAPH_H_

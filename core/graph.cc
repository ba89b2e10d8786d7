#include "core/graph.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace espalier {

ValueId Graph::AddInput(std::string name, TensorType type) {
  values_.push_back({std::move(name), type, ValueKind::kInput});
  inputs_.push_back(static_cast<ValueId>(values_.size()) - 1);
  return inputs_.back();
}

ValueId Graph::AddParameter(Parameter parameter) {
  Value value{parameter.name, {DType::kF32, parameter.shape}, ValueKind::kParameter};
  value.parameter = parameters_.Add(std::move(parameter));
  values_.push_back(std::move(value));
  parameter_values_.push_back(static_cast<ValueId>(values_.size()) - 1);
  return parameter_values_.back();
}

ValueId Graph::AddState(std::string name, Shape shape, float initial) {
  values_.push_back({name, {DType::kF32, shape}, ValueKind::kState});
  const ValueId id = static_cast<ValueId>(values_.size()) - 1;
  states_.push_back({id, std::move(name), initial, kNoValue});
  return id;
}

void Graph::SetStateUpdate(ValueId state, ValueId update) {
  for (State& entry : states_) {
    if (entry.value != state) continue;
    CHECK(type(state) == type(update)) << entry.name;
    entry.update = update;
    return;
  }
  LOG(FATAL) << "value " << state << " is no state";
}

absl::StatusOr<std::vector<ValueId>> Graph::Add(OperatorPtr op, std::vector<ValueId> inputs) {
  std::vector<TensorType> types;
  for (ValueId id : inputs) {
    CHECK(id >= 0 && id < static_cast<ValueId>(values_.size())) << op->kind() << ": input " << id;
    types.push_back(type(id));
  }
  absl::StatusOr<std::vector<TensorType>> output_types = op->InferTypes(types);
  if (!output_types.ok()) {
    if (layer_.empty()) return output_types.status();
    return absl::Status(output_types.status().code(),
                        absl::StrCat("layer \"", layer_, "\": ", output_types.status().message()));
  }
  Node node{std::move(op), std::move(inputs), {}, layer_, backward_};
  for (const TensorType& output_type : *output_types) {
    const ValueId id = static_cast<ValueId>(values_.size());
    values_.push_back({absl::StrCat(layer_.empty() ? node.op->kind() : absl::string_view(layer_), ":", id), output_type,
                       ValueKind::kComputed, static_cast<int>(nodes_.size())});
    node.outputs.push_back(id);
  }
  nodes_.push_back(std::move(node));
  return nodes_.back().outputs;
}

absl::StatusOr<ValueId> Graph::Add1(OperatorPtr op, std::vector<ValueId> inputs) {
  ASSIGN_OR_RETURN(const std::vector<ValueId> outputs, Add(std::move(op), std::move(inputs)));
  CHECK_EQ(outputs.size(), 1u) << nodes_.back().op->kind();
  return outputs[0];
}

void Graph::SetOutput(std::string name, ValueId value) {
  CHECK_EQ(output(name), kNoValue) << "output " << name << " set twice";
  outputs_.emplace_back(std::move(name), value);
}

ValueId Graph::output(absl::string_view name) const {
  for (const auto& [output_name, value] : outputs_) {
    if (output_name == name) return value;
  }
  return kNoValue;
}

ValueId Graph::input(absl::string_view name) const {
  for (ValueId id : inputs_) {
    if (values_[id].name == name) return id;
  }
  return kNoValue;
}

std::vector<std::vector<int>> Graph::Consumers() const {
  std::vector<std::vector<int>> consumers(values_.size());
  for (int index = 0; index < static_cast<int>(nodes_.size()); ++index) {
    for (ValueId id : nodes_[index].inputs) {
      if (consumers[id].empty() || consumers[id].back() != index) consumers[id].push_back(index);
    }
  }
  return consumers;
}

std::vector<TensorType> Graph::InputTypes(const Node& node) const {
  std::vector<TensorType> types;
  for (ValueId id : node.inputs) types.push_back(type(id));
  return types;
}

std::vector<TensorType> Graph::OutputTypes(const Node& node) const {
  std::vector<TensorType> types;
  for (ValueId id : node.outputs) types.push_back(type(id));
  return types;
}

std::string Graph::ToString() const {
  std::string text;
  const auto describe = [this](std::string* out, ValueId id) {
    absl::StrAppend(out, "%", id, " ", type(id).ToString());
  };
  for (const Node& node : nodes_) {
    absl::StrAppend(&text, node.layer, "  ", node.op->kind());
    if (const std::string attributes = node.op->Attributes(); !attributes.empty()) {
      absl::StrAppend(&text, " (", attributes, ")");
    }
    absl::StrAppend(&text, "  ", absl::StrJoin(node.inputs, ", ", describe), " -> ",
                    absl::StrJoin(node.outputs, ", ", describe), "\n");
  }
  return text;
}

}  // namespace espalier

#include "core/reference_interpreter.h"

#include <algorithm>
#include <cstring>

namespace espalier {

ReferenceInterpreter::ReferenceInterpreter(const Graph& graph, uint64_t seed) : graph_(graph) {
  for (const Value& value : graph.values()) values_.emplace_back(value.type.dtype, value.type.shape);
  const Tensor arena(DType::kF32, {graph.parameters().arena_elements()});
  InitializeParameters(graph.parameters(), seed, arena.data<float>());
  for (int i = 0; i < graph.parameters().size(); ++i) {
    const Parameter& parameter = graph.parameters()[i];
    Set(graph.parameter_values()[i], arena.Slice(parameter.offset, parameter.elements()).Reshaped(parameter.shape));
  }
  for (const State& state : graph.states()) {
    const absl::Span<float> elements = values_[state.value].span<float>();
    std::fill(elements.begin(), elements.end(), state.initial);
  }
}

void ReferenceInterpreter::Set(ValueId id, const Tensor& tensor) {
  const Value& value = graph_.value(id);
  CHECK(tensor.dtype() == value.type.dtype && tensor.shape() == value.type.shape)
      << value.name << " expects " << value.type.ToString() << ", got " << Name(tensor.dtype()) << tensor.shape();
  std::memcpy(values_[id].raw(), tensor.raw(), tensor.bytes());
}

const Tensor& ReferenceInterpreter::Output(absl::string_view name) const {
  const ValueId id = graph_.output(name);
  CHECK_NE(id, kNoValue) << "no output " << name;
  return values_[id];
}

void ReferenceInterpreter::Run(const StepContext& step) {
  for (const Node& node : graph_.nodes()) {
    std::vector<Tensor> inputs, outputs;
    for (ValueId id : node.inputs) inputs.push_back(values_[id]);
    for (ValueId id : node.outputs) outputs.push_back(values_[id]);
    node.op->Reference(inputs, outputs, step);
  }
  for (const State& state : graph_.states()) {
    if (state.update != kNoValue) Set(state.value, values_[state.update]);
  }
}

}  // namespace espalier

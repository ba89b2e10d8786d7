#include "core/rewriter.h"

namespace espalier {

GraphRewriter::GraphRewriter(const Graph& from) : from_(from), map_(from.values().size(), kNoValue) {
  for (ValueId id : from.inputs()) map_[id] = graph_.AddInput(from.value(id).name, from.type(id));
  for (ValueId id : from.parameter_values())
    map_[id] = graph_.AddParameter(from.parameters()[from.value(id).parameter]);
  for (const State& state : from.states()) {
    map_[state.value] = graph_.AddState(state.name, from.type(state.value).shape, state.initial);
  }
}

absl::StatusOr<std::vector<ValueId>> GraphRewriter::Emit(const Node& like, OperatorPtr op,
                                                         std::vector<ValueId> inputs) {
  graph_.SetLayer(like.layer);
  graph_.SetBackward(like.backward);
  return graph_.Add(std::move(op), std::move(inputs));
}

absl::Status GraphRewriter::Copy(const Node& node) {
  std::vector<ValueId> inputs;
  for (ValueId id : node.inputs) inputs.push_back(Map(id));
  ASSIGN_OR_RETURN(const std::vector<ValueId> outputs, Emit(node, node.op, std::move(inputs)));
  for (size_t i = 0; i < outputs.size(); ++i) map_[node.outputs[i]] = outputs[i];
  return absl::OkStatus();
}

Graph GraphRewriter::Finish() {
  graph_.SetLayer("");
  graph_.SetBackward(false);
  for (const State& state : from_.states()) {
    if (state.update != kNoValue) graph_.SetStateUpdate(Map(state.value), Map(state.update));
  }
  for (const auto& [name, id] : from_.outputs()) graph_.SetOutput(name, Map(id));
  std::vector<ValueId> gradients;
  for (ValueId id : from_.gradients()) gradients.push_back(id == kNoValue ? kNoValue : Map(id));
  graph_.set_gradients(std::move(gradients));
  return std::move(graph_);
}

}  // namespace espalier

#include "layers/testing.h"

#include <google/protobuf/text_format.h>

#include <algorithm>

namespace espalier {

std::vector<std::string> TestModel::kinds() const {
  std::vector<std::string> kinds;
  for (const Node& node : graph.nodes()) kinds.emplace_back(node.op->kind());
  return kinds;
}

std::vector<std::string> TestModel::parameter_names() const {
  std::vector<std::string> names;
  for (const Parameter& parameter : graph.parameters().parameters()) names.push_back(parameter.name);
  return names;
}

Model ParseModel(absl::string_view text) {
  Model model;
  CHECK(google::protobuf::TextFormat::ParseFromString(std::string(text), &model)) << text;
  return model;
}

TestModel BuildText(absl::string_view text, int64_t batch_size, bool training) {
  TestModel model;
  BuildOptions options;
  options.batch_size = batch_size;
  options.training = training;
  auto built = BuildModel(ParseModel(text), options, &model.graph);
  CHECK(built.ok()) << built.status();
  model.built = *std::move(built);
  return model;
}

std::string BuildErrors(absl::string_view text) {
  Graph graph;
  const auto built = BuildModel(ParseModel(text), {}, &graph);
  CHECK(!built.ok()) << text;
  return std::string(built.status().message());
}

Tensor Ramp(Shape shape, float first, float step) {
  Tensor tensor(DType::kF32, shape);
  float value = first;
  for (float& element : tensor.span<float>()) {
    element = value;
    value += step;
  }
  return tensor;
}

std::vector<float> RunReference(const Graph& graph, ValueId output, const std::map<std::string, Tensor>& inputs,
                                const std::map<std::string, std::vector<float>>& parameters, uint64_t seed) {
  std::vector<Tensor> values(graph.values().size());
  for (ValueId id : graph.inputs()) {
    values[id] = inputs.at(graph.value(id).name);
    CHECK(values[id].shape() == graph.type(id).shape) << graph.value(id).name;
  }
  const ParameterLayout& layout = graph.parameters();
  Tensor weights(DType::kF32, {layout.arena_elements()});
  InitializeParameters(layout, seed, weights.data<float>());
  for (int i = 0; i < layout.size(); ++i) {
    values[graph.parameter_values()[i]] =
        weights.Slice(layout[i].offset, layout[i].elements()).Reshaped(layout[i].shape);
    const auto given = parameters.find(layout[i].name);
    if (given == parameters.end()) continue;
    CHECK_EQ(static_cast<int64_t>(given->second.size()), layout[i].elements()) << given->first;
    std::copy(given->second.begin(), given->second.end(), weights.data<float>() + layout[i].offset);
  }
  for (const State& state : graph.states()) {
    values[state.value] = Tensor(DType::kF32, graph.type(state.value).shape);
    for (float& element : values[state.value].span<float>()) element = state.initial;
  }
  for (const Node& node : graph.nodes()) {
    std::vector<Tensor> operands, results;
    for (ValueId id : node.inputs) operands.push_back(values[id]);
    for (ValueId id : node.outputs) {
      values[id] = Tensor(graph.type(id).dtype, graph.type(id).shape);
      results.push_back(values[id]);
    }
    node.op->Reference(operands, results, StepContext());
  }
  const absl::Span<float> result = values[output].span<float>();
  return {result.begin(), result.end()};
}

}  // namespace espalier

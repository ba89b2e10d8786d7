#include "layers/testing.h"

#include <google/protobuf/text_format.h>

#include "core/reference_interpreter.h"

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
                                const std::map<std::string, std::vector<float>>& parameters) {
  ReferenceInterpreter interpreter(graph, /*seed=*/1);
  for (ValueId id : graph.inputs()) interpreter.Set(id, inputs.at(graph.value(id).name));
  for (ValueId id : graph.parameter_values()) {
    const auto given = parameters.find(graph.value(id).name);
    if (given != parameters.end()) interpreter.Set(id, Tensor::Of<float>(graph.type(id).shape, given->second));
  }
  interpreter.Run(StepContext());
  const absl::Span<float> result = interpreter.value(output).span<float>();
  return {result.begin(), result.end()};
}

}  // namespace espalier

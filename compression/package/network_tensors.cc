#include "compression/package/network_tensors.h"

#include "layers/model_builder.h"
#include "proto/diagnostics.h"
#include "proto/job_validator.h"

namespace espalier {
namespace {

std::vector<NetworkTensor> TensorsOf(const Graph& graph) {
  std::vector<NetworkTensor> tensors;
  for (const Parameter& parameter : graph.parameters().parameters()) {
    tensors.push_back({parameter.name, parameter.shape, parameter.role, false});
  }
  for (const State& state : graph.states()) {
    tensors.push_back({state.name, graph.type(state.value).shape, ParameterRole::kNorm, true});
  }
  return tensors;
}

}  // namespace

absl::StatusOr<Graph> BuildEvaluationGraph(const Model& model) {
  Diagnostics diagnostics;
  ValidateModel(model, "model", SourceMap(), &diagnostics);
  RETURN_IF_ERROR(diagnostics.ToStatus());
  BuildOptions options;
  options.path = "model";
  Graph graph;
  RETURN_IF_ERROR(BuildModel(model, options, &graph).status());
  return graph;
}

absl::StatusOr<std::vector<NetworkTensor>> NetworkTensors(const Model& model) {
  thread_local std::string last_model;
  thread_local std::vector<NetworkTensor> last_tensors;
  const std::string asked = model.SerializeAsString();
  if (asked == last_model && !last_tensors.empty()) return last_tensors;
  ASSIGN_OR_RETURN(const Graph graph, BuildEvaluationGraph(model));
  last_tensors = TensorsOf(graph);
  last_model = asked;
  return last_tensors;
}

}  // namespace espalier

#include "compression/package/network_tensors.h"

#include "layers/model_builder.h"
#include "proto/diagnostics.h"
#include "proto/job_validator.h"

namespace espalier {

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

std::vector<NetworkTensor> NetworkTensors(const Graph& graph) {
  std::vector<NetworkTensor> tensors;
  for (const Parameter& parameter : graph.parameters().parameters()) {
    tensors.push_back({parameter.name, parameter.shape, parameter.role, false});
  }
  for (const State& state : graph.states()) {
    tensors.push_back({state.name, graph.type(state.value).shape, ParameterRole::kNorm, true});
  }
  return tensors;
}

}  // namespace espalier

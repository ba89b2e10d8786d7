#include "compression/import/import_target.h"

#include <map>

#include "core/status.h"
#include "glog/logging.h"

namespace espalier {
namespace {

// "fire2/squeeze/weight" is part "weight" of layer "fire2/squeeze".
void AddTensor(const std::string& name, const Shape& shape, bool is_state,
               const std::map<std::string, int>& layer_of_name, ImportTarget* target) {
  const size_t slash = name.rfind('/');
  CHECK_NE(slash, std::string::npos) << name;
  const auto layer = layer_of_name.find(name.substr(0, slash));
  CHECK(layer != layer_of_name.end()) << name;
  target->layers[layer->second].tensors.push_back(
      {name.substr(slash + 1), shape, static_cast<int>(target->package.tensors.size())});
  target->package.tensors.push_back({name, shape, FloatValues(), is_state});
}

// For each layer the one whose node computes its first input.
void LinkLayers(const Graph& graph, const std::map<std::string, int>& layer_of_name, ImportTarget* target) {
  for (const Node& node : graph.nodes()) {
    const auto reader = layer_of_name.find(node.layer);
    const int producer = graph.value(node.inputs[0]).producer;
    if (reader == layer_of_name.end() || producer < 0) continue;
    const auto read = layer_of_name.find(graph.node(producer).layer);
    if (read != layer_of_name.end() && read != reader) target->layers[reader->second].reads = read->second;
  }
}

}  // namespace

absl::StatusOr<ImportTarget> MakeImportTarget(const Model& model, BuildOptions options) {
  options.batch_size = 1;
  options.training = false;
  Graph graph;
  ASSIGN_OR_RETURN(const BuiltModel built, BuildModel(model, options, &graph));
  ImportTarget target;
  *target.package.info.mutable_model() = model;
  std::map<std::string, int> layer_of_name;
  for (const BuiltLayer& layer : built.layers) {
    layer_of_name[layer.name] = static_cast<int>(target.layers.size());
    target.layers.push_back({layer.name, layer.kind, {}, -1});
  }
  for (const Parameter& parameter : graph.parameters().parameters()) {
    AddTensor(parameter.name, parameter.shape, /*is_state=*/false, layer_of_name, &target);
  }
  for (const State& state : graph.states()) {
    AddTensor(state.name, graph.type(state.value).shape, /*is_state=*/true, layer_of_name, &target);
  }
  LinkLayers(graph, layer_of_name, &target);
  // Layers without tensors go; what reads one of them reads none.
  std::vector<int> place(target.layers.size(), -1);
  std::vector<TargetLayer> kept;
  for (size_t i = 0; i < target.layers.size(); ++i) {
    if (target.layers[i].tensors.empty()) continue;
    place[i] = static_cast<int>(kept.size());
    kept.push_back(target.layers[i]);
  }
  for (TargetLayer& layer : kept) layer.reads = layer.reads < 0 ? -1 : place[layer.reads];
  target.layers = std::move(kept);
  return target;
}

}  // namespace espalier

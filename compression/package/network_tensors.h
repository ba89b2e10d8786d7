// The parameters and states that a model's network has: what a package must hold, and in which order.
#ifndef ESPALIER_COMPRESSION_PACKAGE_NETWORK_TENSORS_H_
#define ESPALIER_COMPRESSION_PACKAGE_NETWORK_TENSORS_H_

#include <string>
#include <vector>

#include "core/graph.h"
#include "core/status.h"
#include "proto/model.pb.h"

namespace espalier {

struct NetworkTensor {
  std::string name;  // "conv1/weight"
  Shape shape;
  ParameterRole role = ParameterRole::kWeight;  // of a parameter
  bool is_state = false;
};

// The model's evaluation graph for one sample, without any pass. InvalidArgument, a line for each problem, if the model
// is not valid.
absl::StatusOr<Graph> BuildEvaluationGraph(const Model& model);

// All parameters in the graph's order, then all states in its order.
std::vector<NetworkTensor> NetworkTensors(const Graph& graph);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_NETWORK_TENSORS_H_

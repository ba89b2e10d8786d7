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

// Of that graph: all parameters in its order, then all states in its order. Each thread remembers them for the model
// that it asked for last, as packing, accounting and reading back ask for the same one.
absl::StatusOr<std::vector<NetworkTensor>> NetworkTensors(const Model& model);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_NETWORK_TENSORS_H_

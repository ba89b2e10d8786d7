// Fusion: neighbouring operators that one kernel computes in one pass over memory.
#ifndef ESPALIER_CORE_FUSION_H_
#define ESPALIER_CORE_FUSION_H_

#include "core/graph.h"

namespace espalier {

// On a forward graph (before AppendGradients), where the value in between is read by nothing else:
//   convolution or matmul, ReLU        -> convolution or matmul with ReLU
//   batch norm, ReLU                   -> batch norm with ReLU
//   batch norm, add[, ReLU]            -> batch norm with residual [and ReLU]
//   add, ReLU                          -> add with ReLU
absl::StatusOr<Graph> FuseOperators(const Graph& graph);

}  // namespace espalier

#endif  // ESPALIER_CORE_FUSION_H_
